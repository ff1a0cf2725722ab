// BroadcastTo, and _SumTo, its gradient: sums a value over the axes along which a tensor of the
// shape of `like` would be broadcast to it.

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

Outputs sum_to_gradient(const Operation& op, const Outputs& dy) {
  return {broadcast_to(dy[0], shape_argument(op.input(0))), Output()};
}

Outputs broadcast_to_gradient(const Operation& op, const Outputs& dy) {
  return {sum_to(dy[0], op.input(0)), Output()};
}

Shapes broadcast_to_shape(const ShapeContext& context) {
  with_rank(context.inputs[1], 1, "shape");
  const Shape to = context.value_as_shape(1), from = context.inputs[0];
  if (to.has_rank() && from.has_rank()) {
    require<ValueError>(from.rank() <= to.rank() && broadcast_shape(from, to).compatible_with(to),
                        ErrorKind::shape_incompatible, "Incompatible shapes: ", from,
                        " doesn't broadcast to ", to);
  }
  return {to};
}

Shapes like_shape(const ShapeContext& context) {
  const Shape &value = context.inputs[0], &like = context.inputs[1];
  const bool fits =
      !value.has_rank() || !like.has_rank() ||
      (like.rank() <= value.rank() && broadcast_shape(like, value).compatible_with(value));
  require<ValueError>(fits, ErrorKind::shape_incompatible, "Incompatible shapes: ", like,
                      " can't be broadcast to ", value);
  return {like};
}

}  // namespace

void register_math_broadcast(OpRegistry& ops) {
  ops.add({.name = "_SumTo",
           .inputs = {"value: T", "like: T"},
           .outputs = {"output: T"},
           .types = {{"T", kNumbers}},
           .shape = like_shape,
           .gradient = sum_to_gradient,
           .shape_only = {1}});
  ops.add({.name = "BroadcastTo",
           .inputs = {"input: T", "shape: Tidx"},
           .outputs = {"output: T"},
           .defaults = {{"Tidx", int32}},
           .types = {{"Tidx", kIndices}},
           .shape = broadcast_to_shape,
           .gradient = broadcast_to_gradient,
           .needs_value = {1}});
}

}  // namespace internal

Output broadcast_to(Input input, Integers shape, const OpOptions& options) {
  const internal::CallerLine line(input.where());
  return internal::add_output("BroadcastTo", {input, shape.as_input()}, {.name = options.name});
}

}  // namespace tenon
