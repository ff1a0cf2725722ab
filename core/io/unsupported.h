// What of a graph can't be done, gathered for one report.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tenon::internal {

class Unsupported {
 public:
  // `what`: "operation type Foo", "dtype complex64 of Const".
  void add(const std::string& what, std::string_view node);
  bool empty() const { return found_.empty(); }
  // A line for each, with their number and the first operation: the most frequent first.
  std::string to_string() const;

 private:
  struct Found {
    int64_t count = 0;
    std::string first = {};
  };
  std::map<std::string, Found> found_;
};

}  // namespace tenon::internal
