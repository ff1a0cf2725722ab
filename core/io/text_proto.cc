#include "core/io/text_proto.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/text_reader.h"

namespace tenon::internal {

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
