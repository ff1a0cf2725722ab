// What gradients of operations that move elements share.
#pragma once

#include <optional>
#include <vector>

#include "core/graph/builder.h"
#include "core/graph/shape_rules.h"
#include "core/graph/static_value.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"

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

// The sizes of a tensor along axes [begin, end) as parts of a shape.
inline void append_sizes(std::vector<Input>& parts, const Output& of, int begin, int end) {
  for (int i = begin; i < end; ++i) parts.push_back(size_along(of, i));
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

// The tensor with its first `axes` axes made one: [-1, the others]. Its gradient is dense even
// where that of what reads it is sparse.
inline Output with_one_first_axis(const Output& tensor, int axes) {
  std::vector<Input> sizes = {Input(int64_t{1})};
  bool known = true;
  for (int axis = 0; axis < axes; ++axis) known = known && tensor.shape()[axis] >= 0;
  if (known) {
    sizes[0] = Input(count_of(subshape(tensor.shape(), 0, axes)));
  } else {
    sizes[0] = reduce_prod(strided_slice(shape(tensor), {0}, {axes}));
  }
  for (int axis = axes; axis < tensor.shape().rank(); ++axis) {
    sizes.push_back(size_along(tensor, axis));
  }
  return reshape(tensor, integers_of(sizes));
}

// The tensor, whose gradient is dense even where that of what reads it is sparse.
inline Output with_dense_gradient(const Output& tensor) {
  const Shape known = tensor.shape();
  return reshape(tensor, known.fully_defined() ? Integers(known) : Integers(shape(tensor)));
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
