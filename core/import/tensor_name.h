// Names of tensors as graphs have them.
#pragma once

#include <charconv>
#include <string_view>

namespace tenon::internal {

struct TensorName {
  std::string_view node;
  int output = 0;
};

// "a" and "a:1".
inline TensorName parse_tensor_name(std::string_view name) {
  const size_t colon = name.rfind(':');
  if (colon == std::string_view::npos) return {name, 0};
  int output = -1;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + colon + 1, end, output);
  if (error != std::errc() || stop != end || output < 0) return {name, 0};
  return {name.substr(0, colon), output};
}

}  // namespace tenon::internal
