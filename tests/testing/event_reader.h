// Reads what Tenon writes for TensorBoard: records, the events in them, summaries and pictures.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::test {

// A protobuf message, taken apart without knowing what it is: of each field the values in their
// order; numbers as their bytes.
class ProtoFields {
 public:
  explicit ProtoFields(std::string_view message);

  const std::vector<std::string>& all(int field) const;
  bool has(int field) const { return !all(field).empty(); }
  std::string bytes(int field) const { return has(field) ? all(field).front() : ""; }
  int64_t integer(int field) const;  // 0 where there is none
  float real(int field) const;       // of 32 bits
  double wide(int field) const;      // of 64

 private:
  std::map<int, std::vector<std::string>> fields_;
};

// The records of a file. Adds a failure for a checksum that is wrong, or a part of a record.
std::vector<std::string> read_records(const std::string& path);
// The one event file of a folder.
std::string event_file_in(const std::string& folder);

struct ReadEvent {
  double wall_time = 0;
  int64_t step = 0;
  std::string file_version;
  ProtoFields summary{""};
  ProtoFields session_log{""};
  // "3 twice=6", "1 START", "4 CHECKPOINT run/model.ckpt"; of other values their tags alone.
  std::string text;
};
std::vector<ReadEvent> read_events(const std::string& path);

// A PNG file of 8 bits a channel whose rows have no filter.
struct Picture {
  int64_t width = 0, height = 0, channels = 0;
  std::vector<int> pixels;
};
Picture read_png(const std::string& file);

}  // namespace tenon::test
