// The values of operations' attributes; backends read them too.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/strings.h"
#include "tenon/dtype.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

using AttrValue = std::variant<int64_t, double, bool, std::string, DType, Shape, Tensor,
                               std::vector<int64_t>, std::vector<double>, std::vector<std::string>,
                               std::vector<DType>, std::vector<Shape>>;

// Attributes by name. Attributes that nobody knows are kept too.
class AttrMap {
 public:
  AttrMap() = default;
  AttrMap(std::initializer_list<std::pair<const std::string, AttrValue>> values)
      : values_(values) {}

  void set(std::string_view name, AttrValue value) {
    values_.insert_or_assign(std::string(name), std::move(value));
  }
  const AttrValue* find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
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
  std::map<std::string, AttrValue, std::less<>> values_;
};

}  // namespace tenon::internal
