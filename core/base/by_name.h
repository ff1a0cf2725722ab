// Maps by name that are searched without making a string of what is sought.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tenon::internal {

struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const noexcept {
    return std::hash<std::string_view>()(name);
  }
};

template <typename Value>
using ByName = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;

}  // namespace tenon::internal
