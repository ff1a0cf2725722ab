// What shape functions say of inputs that are arguments: one integer (an axis, a depth), or a list
// of integers (a permutation, the sizes of a shape).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"

namespace tenon::internal {

// The one number of an input, where it is known. A vector of one will do. Throws ValueError
// (shape_incompatible) for another number of elements.
inline std::optional<int64_t> one_integer(const ShapeContext& context, int input,
                                          std::string_view what) {
  const Shape& shape = context.inputs[static_cast<size_t>(input)];
  require<ValueError>(!shape.fully_defined() || shape.element_count() == 1,
                      ErrorKind::shape_incompatible, what,
                      " must be a single number, but has shape ", shape);
  const auto numbers = context.integers(input);
  return numbers ? std::optional((*numbers)[0]) : std::nullopt;
}

// The numbers of a vector, where they are known. Throws ValueError (shape_incompatible) for another
// rank.
inline std::optional<std::vector<int64_t>> integer_list(const ShapeContext& context, int input,
                                                        std::string_view what) {
  with_rank(context.inputs[static_cast<size_t>(input)], 1, what);
  return context.integers(input);
}

// The shape of a value that must be the one it follows from: of a gradient, that of what it is the
// gradient of. Throws ValueError (shape_incompatible) where it isn't.
inline Shape of_shape(const Shape& value, const Shape& wanted, std::string_view what) {
  require<ValueError>(value.compatible_with(wanted), ErrorKind::shape_incompatible, what,
                      " has shape ", value, ", but must have shape ", wanted);
  return value.merged_with(wanted);
}

}  // namespace tenon::internal
