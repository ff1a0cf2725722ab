// The words of protobuf's text format.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::internal {

// Reads a text from its beginning.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text), rest_(text) {}

  // Of what comes next, from 1 on.
  size_t line() const {
    const std::string_view read = text_.substr(0, text_.size() - rest_.size());
    return 1 + static_cast<size_t>(std::count(read.begin(), read.end(), '\n'));
  }

  // Past white space and comments; whether there is more.
  bool skip_space() {
    while (!rest_.empty() && (is_space(rest_[0]) || rest_[0] == '#')) {
      const size_t count = rest_[0] == '#' ? rest_.find('\n') : 1;
      rest_.remove_prefix(std::min(count, rest_.size()));
    }
    return !rest_.empty();
  }

  bool take(char c) {
    if (!skip_space() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // A name or a number.
  std::string word() {
    skip_space();
    std::string word;
    while (!rest_.empty() && !is_space(rest_[0]) && kMarks.find(rest_[0]) == kMarks.npos) {
      word += rest_[0];
      rest_.remove_prefix(1);
    }
    return word;
  }

  bool at_quote() { return skip_space() && (rest_[0] == '"' || rest_[0] == '\''); }

  // Adds a string in quotes; false where it doesn't end.
  bool quoted(std::string& value) {
    const char quote = next();
    while (!rest_.empty() && rest_[0] != quote) {
      const char c = next();
      value += c == '\\' ? escaped() : c;
    }
    return take(quote);
  }

 private:
  char next() {
    if (rest_.empty()) return '\0';
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  // What stands behind a backslash.
  char escaped() {
    const char c = next();
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'x':
        return number(16, 2);
      default:
        break;
    }
    if (c < '0' || c > '7') return c;
    rest_ = {rest_.data() - 1, rest_.size() + 1};
    return number(8, 3);
  }

  char number(int base, size_t most_digits) {
    unsigned value = 0;
    const char* end = rest_.data() + std::min(most_digits, rest_.size());
    const char* behind = std::from_chars(rest_.data(), end, value, base).ptr;
    rest_.remove_prefix(static_cast<size_t>(behind - rest_.data()));
    return static_cast<char>(value);
  }

  static constexpr std::string_view kMarks = ":;,#\"'{}<>[]";  // that end a word

  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  std::string_view text_, rest_;
};

}  // namespace tenon::internal
