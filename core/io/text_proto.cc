#include "core/io/text_proto.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::internal {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Reads a text from its beginning.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}

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
    while (!rest_.empty() && !is_space(rest_[0]) && rest_[0] != ':' && rest_[0] != ';' &&
           rest_[0] != ',' && rest_[0] != '#' && rest_[0] != '"' && rest_[0] != '\'') {
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

  std::string_view rest_;
};

}  // namespace

std::optional<std::vector<TextField>> parse_text_proto(std::string_view text) {
  std::vector<TextField> fields;
  TextReader reader(text);
  while (reader.skip_space()) {
    TextField field{reader.word(), {}};
    if (field.name.empty() || !reader.take(':')) return {};
    if (reader.at_quote()) {
      while (reader.at_quote()) {
        if (!reader.quoted(field.value)) return {};
      }
    } else {
      field.value = reader.word();
      if (field.value.empty()) return {};
    }
    if (!reader.take(';')) reader.take(',');
    fields.push_back(std::move(field));
  }
  return fields;
}

double number_of(const TextField& field) {
  double number = 0;
  std::from_chars(field.value.data(), field.value.data() + field.value.size(), number);
  return number;
}

std::string text_field(std::string_view name, std::string_view value) {
  std::string text(name);
  text += ": \"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      text += '\\';
      for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + (byte >> shift & 7));
    } else {
      text += c;
    }
  }
  return text + "\"\n";
}

}  // namespace tenon::internal
