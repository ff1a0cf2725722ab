// The arguments of a command: words, and flags that may have values.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tenon::tool {

// A command that was called wrongly: exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A flag and how many words follow it.
struct Flag {
  std::string name;  // "--tensor"
  int values = 0;
};

// Flags may stand anywhere, and as --flag=value, too; behind -- all are words. Throws UsageError
// for a flag that isn't known or lacks a value.
class Arguments {
 public:
  Arguments(const std::vector<std::string>& all, const std::vector<Flag>& known);

  const std::vector<std::string>& words() const { return words_; }
  bool has(const std::string& flag) const;
  // The value of a flag of one value; empty when it isn't there.
  std::string value(const std::string& flag) const;
  // The values of each time that it was given.
  std::vector<std::vector<std::string>> values(const std::string& flag) const;
  // Throws UsageError unless there are so many words.
  void require_words(size_t count, const std::string& what) const;

 private:
  std::vector<std::string> words_;
  std::vector<std::pair<std::string, std::vector<std::string>>> flags_;
};

}  // namespace tenon::tool
