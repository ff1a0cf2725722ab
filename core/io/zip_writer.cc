#include <zlib.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/io/little_endian.h"
#include "core/io/zip.h"

namespace tenon::internal {

namespace {

constexpr uint16_t kVersion = 45;        // the first with zip64
constexpr uint16_t kLeastDate = 0x0021;  // 1980-01-01: the same values make the same file
constexpr uint16_t kUtf8Names = 1 << 11;
constexpr uint32_t kSeeZip64 = 0xffffffff;

// Numbers in the order of the format.
class Record {
 public:
  Record& two(uint64_t number) { return put(number, 2); }
  Record& four(uint64_t number) { return put(number, 4); }
  Record& eight(uint64_t number) { return put(number, 8); }
  Record& text(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Record& put(uint64_t number, size_t count) {
    append_little_endian(bytes_, number, count);
    return *this;
  }
  std::string bytes_;
};

uint32_t crc_of(uint32_t crc, std::string_view bytes) {
  constexpr size_t kAtOnce = size_t{1} << 30;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kAtOnce))) {
    crc = static_cast<uint32_t>(crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()),
                                      static_cast<uInt>(std::min(bytes.size(), kAtOnce))));
  }
  return crc;
}

// What the local header and the directory say alike: flags, method, time, date, checksum, sizes.
// The sizes stand in a field of zip64's, always.
Record& describe(Record& record, const ZipMember& member) {
  return record.two(kUtf8Names)
      .two(0)
      .two(0)
      .two(kLeastDate)
      .four(member.crc)
      .four(kSeeZip64)
      .four(kSeeZip64);
}

}  // namespace

void ZipWriter::add(const std::string& name, std::string_view first, std::string_view second) {
  ZipMember member{.name = name,
                   .crc = crc_of(crc_of(0, first), second),
                   .stored_bytes = first.size() + second.size(),
                   .bytes = first.size() + second.size(),
                   .offset = file_.size()};
  Record local;
  local.four(0x04034b50).two(kVersion);
  describe(local, member).two(name.size()).two(20).text(name);
  local.two(1).two(16).eight(member.bytes).eight(member.stored_bytes);
  file_.write(local.bytes());
  file_.write(first);
  file_.write(second);
  members_.push_back(std::move(member));
}

void ZipWriter::commit() {
  const uint64_t directory = file_.size();
  for (const ZipMember& member : members_) {
    Record entry;
    entry.four(0x02014b50).two(kVersion).two(kVersion);
    describe(entry, member).two(member.name.size()).two(28).two(0).two(0).two(0).four(0);
    entry.four(kSeeZip64).text(member.name);
    entry.two(1).two(24).eight(member.bytes).eight(member.stored_bytes).eight(member.offset);
    file_.write(entry.bytes());
  }
  const uint64_t end = file_.size(), count = members_.size();
  Record last;
  last.four(0x06064b50).eight(44).two(kVersion).two(kVersion).four(0).four(0);
  last.eight(count).eight(count).eight(end - directory).eight(directory);
  last.four(0x07064b50).four(0).eight(end).four(1);
  const uint64_t short_count = std::min<uint64_t>(count, 0xffff);
  last.four(0x06054b50).two(0).two(0).two(short_count).two(short_count);
  last.four(kSeeZip64).four(kSeeZip64).two(0);
  file_.write(last.bytes());
  file_.commit();
}

}  // namespace tenon::internal
