// What gradient functions share.
#pragma once

#include <utility>

#include "core/graph/builder.h"
#include "core/graph/op_def.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"

namespace tenon::internal {

// An attribute of gathers and of their gradients: TensorFlow doesn't know how many rows the
// gradient has, of a gather_nd from a resource variable, before it is run.
inline constexpr const char* kLateRows = "_late_rows";

// A sparse gradient by the tensor that another one is by.
inline Output sparse_like(const Output& other, const Input& rows, const Input& indices) {
  AttrMap attrs;
  if (other.op().node()->attrs.has(kLateRows)) attrs.set(kLateRows, true);
  return add_output("_IndexedSlices", {rows, indices, other.op().input(2)},
                    {.attrs = std::move(attrs)});
}

// Of operations through which no gradient flows although they are reached (floor, comparisons).
inline Outputs no_gradient(const Operation& op, const Outputs&) {
  return Outputs(static_cast<size_t>(op.input_count()));
}

// Of operations whose result is their first input.
inline Outputs pass_gradient(const Operation&, const Outputs& dy) { return {dy[0]}; }

// Whether an operand of that shape, beside one of the other shape, is surely not broadcast.
inline bool never_broadcast(const Shape& shape, const Shape& other) {
  if (!shape.has_rank() || !other.has_rank() || shape.rank() < other.rank()) return false;
  for (int i = 1; i <= other.rank(); ++i) {
    const bool fits = other[-i] == 1 || shape[-i] > 1 || (shape[-i] == other[-i] && other[-i] >= 0);
    if (!fits) return false;
  }
  return true;
}

// The gradient of a broadcast operand from that of the result: summed over what was broadcast.
inline Output sum_to(const Output& gradient, const Output& operand) {
  const Shape have = gradient.shape(), want = operand.shape();
  if (have.fully_defined() && have == want) return gradient;
  return add_output("_SumTo", {gradient, operand});
}

// The same for both operands of a binary operation; empty gradients stay empty.
inline Outputs sum_to_operands(const Operation& op, const Output& gx, const Output& gy) {
  const Output x = op.input(0), y = op.input(1);
  const auto reduced = [](const Output& gradient, const Output& operand, const Output& other) {
    if (!gradient || never_broadcast(operand.shape(), other.shape())) return gradient;
    return sum_to(gradient, operand);
  };
  return {reduced(gx, x, y), reduced(gy, y, x)};
}

// The gradients of all outputs of an operation of several: zeros where none arrives at one of
// floats.
inline Outputs with_zeros(const Operation& op, Outputs arrived) {
  for (size_t i = 0; i < arrived.size(); ++i) {
    const Output result = op.output(static_cast<int>(i));
    if (!arrived[i] && is_floating(result.dtype())) arrived[i] = zeros_like(result);
  }
  return arrived;
}

// The shape of an Output as an operation's argument: numbers where they are known, else a tensor,
// which is of int64 unless the operation takes only int32: sizes may be beyond 2^31.
inline Integers shape_argument(const Output& output, DType dtype = int64) {
  const Shape known = output.shape();
  if (known.fully_defined()) return Integers(known);
  return Integers(shape(output, {.out_type = dtype}));
}

}  // namespace tenon::internal
