#include "tests/testing/event_reader.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/crc32c.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::test {

namespace {

uint64_t varint(std::string_view& bytes) {
  uint64_t number = 0;
  for (int shift = 0; !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    number |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) break;
  }
  return number;
}

std::string take(std::string_view& bytes, size_t count) {
  EXPECT_LE(count, bytes.size()) << "a message ends too early";
  std::string taken(bytes.substr(0, count));
  bytes.remove_prefix(taken.size());
  return taken;
}

template <typename T>
T number_of(const std::string& bytes) {
  T number = {};
  if (!bytes.empty()) std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

std::string text_of(const ReadEvent& event) {
  std::ostringstream text;
  text << event.step;
  for (const std::string& bytes : event.summary.all(1)) {
    const ProtoFields value(bytes);
    text << ' ' << value.bytes(1);
    if (value.has(2)) text << '=' << value.real(2);
  }
  static const char* const status[] = {"", " START", " STOP", " CHECKPOINT"};
  if (event.session_log.has(1)) text << status[event.session_log.integer(1)];
  if (event.session_log.has(2)) text << ' ' << event.session_log.bytes(2);
  return text.str();
}

}  // namespace

ProtoFields::ProtoFields(std::string_view message) {
  while (!message.empty()) {
    const uint64_t key = varint(message);
    std::string value;
    switch (key & 7) {
      case 0: {
        const uint64_t number = varint(message);
        value.assign(reinterpret_cast<const char*>(&number), sizeof number);
        break;
      }
      case 1:
        value = take(message, 8);
        break;
      case 2: {
        const uint64_t size = varint(message);
        value = take(message, size);
        break;
      }
      case 5:
        value = take(message, 4);
        break;
      default:
        ADD_FAILURE() << "no wire type: " << (key & 7);
        return;
    }
    fields_[static_cast<int>(key >> 3)].push_back(value);
  }
}

const std::vector<std::string>& ProtoFields::all(int field) const {
  static const std::vector<std::string> none;
  const auto found = fields_.find(field);
  return found == fields_.end() ? none : found->second;
}

int64_t ProtoFields::integer(int field) const { return number_of<int64_t>(bytes(field)); }
float ProtoFields::real(int field) const { return number_of<float>(bytes(field)); }
double ProtoFields::wide(int field) const { return number_of<double>(bytes(field)); }

std::vector<std::string> read_records(const std::string& path) {
  const std::string contents = file_contents(path);
  std::string_view left = contents;
  std::vector<std::string> records;
  const auto expect_checksum = [&](const std::string& bytes) {
    EXPECT_EQ(number_of<uint32_t>(take(left, 4)), internal::masked_crc(internal::crc32c(bytes)));
  };
  while (!left.empty()) {
    const std::string length = take(left, 8);
    expect_checksum(length);
    records.push_back(take(left, number_of<uint64_t>(length)));
    expect_checksum(records.back());
  }
  return records;
}

std::string event_file_in(const std::string& folder) {
  std::string found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().rfind("events.out.tfevents.", 0) != 0) continue;
    EXPECT_TRUE(found.empty()) << "there are two event files in " << folder;
    found = entry.path();
  }
  EXPECT_FALSE(found.empty()) << "there is no event file in " << folder;
  return found;
}

std::vector<ReadEvent> read_events(const std::string& path) {
  std::vector<ReadEvent> events;
  for (const std::string& record : read_records(path)) {
    const ProtoFields fields(record);
    ReadEvent event{.wall_time = fields.wide(1),
                    .step = fields.integer(2),
                    .file_version = fields.bytes(3),
                    .summary = ProtoFields(fields.bytes(5)),
                    .session_log = ProtoFields(fields.bytes(7)),
                    .text = {}};
    event.text = text_of(event);
    events.push_back(event);
  }
  return events;
}

Picture read_png(const std::string& file) {
  const auto number = [&](size_t at) {
    int64_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value * 256 + static_cast<uint8_t>(file.at(at + i));
    return value;
  };
  Picture picture;
  EXPECT_EQ(file.substr(0, 8), "\x89PNG\r\n\x1a\n");
  std::string deflated;
  for (size_t at = 8; at + 12 <= file.size();) {
    const auto size = static_cast<size_t>(number(at));
    const std::string type = file.substr(at + 4, 4), contents = file.substr(at + 8, size);
    const auto* checked = reinterpret_cast<const Bytef*>(file.data() + at + 4);
    EXPECT_EQ(number(at + 8 + size), static_cast<int64_t>(crc32_z(0, checked, size + 4))) << type;
    if (type == "IHDR") {
      picture.width = number(at + 8);
      picture.height = number(at + 12);
      EXPECT_EQ(contents[8], 8);
      picture.channels = contents[9] == 0 ? 1 : contents[9] == 2 ? 3 : 4;
    }
    if (type == "IDAT") deflated += contents;
    at += size + 12;
  }
  const auto row = static_cast<size_t>(picture.width * picture.channels);
  std::string rows((row + 1) * static_cast<size_t>(picture.height), '\0');
  uLongf size = rows.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(rows.data()), &size,
                       reinterpret_cast<const Bytef*>(deflated.data()), deflated.size()),
            Z_OK);
  EXPECT_EQ(size, rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % (row + 1) == 0) {
      EXPECT_EQ(rows[i], 0) << "a row has a filter";
    } else {
      picture.pixels.push_back(static_cast<uint8_t>(rows[i]));
    }
  }
  return picture;
}

}  // namespace tenon::test
