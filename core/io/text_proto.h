// Protobuf's text format, of messages whose fields are strings and numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::internal {

struct TextField {
  std::string name;
  std::string value;  // of a string without quotes and escapes
};

// Nothing where the text isn't one of such fields.
std::optional<std::vector<TextField>> parse_text_proto(std::string_view text);
// A number's value; 0 where it is none.
double number_of(const TextField& field);
// `name: "value"` and the end of the line.
std::string text_field(std::string_view name, std::string_view value);

}  // namespace tenon::internal
