// Text from parts, and parts of text.
#pragma once

#include <charconv>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tenon::internal {

// Whether a part is written without a stream, whose making costs more than all else here.
template <typename T>
inline constexpr bool kPlainPart = std::is_convertible_v<const T&, std::string_view> ||
                                   std::is_same_v<T, char> ||
                                   (std::is_integral_v<T> && sizeof(T) >= 4);

template <typename T>
void append_plain(std::string& text, const T& part) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    text += std::string_view(part);
  } else if constexpr (std::is_same_v<T, char>) {
    text += part;
  } else {
    char digits[24];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, part).ptr);
  }
}

// The room to set aside for a part; a number mostly fits into what a string has anyway.
template <typename T>
size_t room_for(const T& part) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return std::string_view(part).size();
  } else {
    return 1;
  }
}

// The parts as text, one after the other.
template <typename... Parts>
std::string str(const Parts&... parts) {
  if constexpr ((kPlainPart<Parts> && ...)) {
    std::string text;
    text.reserve((room_for(parts) + ... + 0));
    (append_plain(text, parts), ...);
    return text;
  } else {
    std::ostringstream out;
    out.imbue(std::locale::classic());  // not as the program's global locale writes numbers
    (out << ... << parts);
    return out.str();
  }
}

// "a, b, c"
template <typename Range>
std::string join(const Range& items, std::string_view separator = ", ") {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  bool first = true;
  for (const auto& item : items) {
    if (!first) out << separator;
    out << item;
    first = false;
  }
  return out.str();
}

// A type as a program writes it, from what std::type_info calls it.
std::string readable_type(const char* type_name);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

// The names nearest to `name` by edit distance, nearest first, none farther than half its length.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& names,
                                       size_t most = 3);

}  // namespace tenon::internal
