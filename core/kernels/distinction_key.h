// By what elements are told apart, strings among them: sort_key's number, or the string itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/kernels/sort_key.h"

namespace tenon::internal {

template <typename T>
uint64_t distinction_key(const T& value) {
  return sort_key(value);
}
inline std::string_view distinction_key(const std::string& value) { return value; }

}  // namespace tenon::internal
