// What gradients of operations that move elements share.
#pragma once

#include <optional>
#include <vector>

#include "core/graph/builder.h"
#include "core/graph/static_value.h"
#include "tenon/array_ops.h"

namespace tenon::internal {

// The integers of a tensor where the graph says them.
inline std::optional<std::vector<int64_t>> known_integers(const Output& output) {
  const Tensor value = constant_value({output.op().node(), output.index()});
  if (!value || (value.dtype() != int32 && value.dtype() != int64)) return std::nullopt;
  return to_integers(value);
}

// A size of a tensor as an argument: a number where it is known, else a scalar of its Shape.
inline Input size_along(const Output& output, int axis) {
  const Shape known = output.shape();
  if (known.has_rank() && known[axis] >= 0) return Input(known[axis]);
  return strided_slice(shape(output), {axis}, {axis + 1}, {.shrink_axis_mask = 1});
}

// Numbers where all are numbers, else a list that is packed.
inline Integers integers_of(const std::vector<Input>& parts) {
  std::vector<int64_t> numbers;
  for (const Input& part : parts) {
    if (part.is_output()) return Integers(parts);
    numbers.push_back(part.value().scalar<int64_t>());
  }
  return Integers(numbers);
}

inline Outputs split_by_sizes(const Output& value, const std::vector<Input>& sizes, int axis) {
  const auto pieces = static_cast<int64_t>(sizes.size());
  const Operation op =
      add_operation("SplitV", {value, integers_of(sizes).as_input(), Input(int64_t{axis})},
                    {.name = "split", .attrs = {{"num_split", pieces}}});
  Outputs results;
  for (int i = 0; i < static_cast<int>(pieces); ++i) results.push_back(op.output(i));
  return results;
}

}  // namespace tenon::internal
