// The values of operations' attributes; backends read them too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/check.h"
#include "tenon/dtype.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

using AttrValue = std::variant<int64_t, double, bool, std::string, DType, Shape, Tensor,
                               std::vector<int64_t>, std::vector<double>, std::vector<std::string>,
                               std::vector<DType>, std::vector<Shape>>;

// Attributes by name, in the order of their names. Attributes that nobody knows are kept too.
class AttrMap {
 public:
  using Entry = std::pair<std::string, AttrValue>;

  AttrMap() = default;
  AttrMap(std::initializer_list<Entry> values) {
    values_.reserve(values.size() + 2);  // those that follow from an operation's inputs are added
    for (const Entry& entry : values) set(entry.first, entry.second);
  }

  void set(std::string_view name, AttrValue value) {
    auto at = values_.begin();
    while (at != values_.end() && at->first < name) ++at;
    if (at != values_.end() && at->first == name) {
      at->second = std::move(value);
    } else {
      values_.emplace(at, name, std::move(value));
    }
  }
  const AttrValue* find(std::string_view name) const {
    for (const Entry& entry : values_) {
      if (entry.first == name) return &entry.second;
    }
    return nullptr;
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }

  // The attribute as a T. Throws ValueError (bad_argument) when it is missing or of another type.
  template <typename T>
  const T& get(std::string_view name) const {
    const AttrValue* value = find(name);
    const T* typed = value == nullptr ? nullptr : std::get_if<T>(value);
    require<ValueError>(typed != nullptr, ErrorKind::bad_argument, "No attribute ", name,
                        " of the type that was asked for");
    return *typed;
  }
  // The attribute, or `otherwise` when it is missing.
  template <typename T>
  T get_or(std::string_view name, T otherwise) const {
    return has(name) ? get<T>(name) : otherwise;
  }

  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

 private:
  std::vector<Entry> values_;  // sorted; few, so that looking at each is fastest
};

}  // namespace tenon::internal
