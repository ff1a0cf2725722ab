// SelectV2 (broadcasting) and Select (TensorFlow 1's): t where the condition holds, else e.

#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

Values lower_select(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.select(in[0], in[1], in[2])};
}

Outputs select_v2_gradient(const Operation& op, const Outputs& dy) {
  const Output condition = op.input(0);
  return {Output(), sum_to(add_output("SelectV2", {condition, dy[0], Input(0)}), op.input(1)),
          sum_to(add_output("SelectV2", {condition, Input(0), dy[0]}), op.input(2))};
}

Outputs select_gradient(const Operation& op, const Outputs& dy) {
  const Output condition = op.input(0), none = zeros_like(op.input(1));
  return {Output(), add_output("Select", {condition, dy[0], none}),
          add_output("Select", {condition, none, dy[0]})};
}

// The condition is of the shape of t and e, a scalar, or a vector over their first axis.
Shapes select_shape(const ShapeContext& context) {
  const Shape& condition = context.inputs[0];
  const Shape values = context.inputs[1].merged_with(context.inputs[2]);
  if (!condition.has_rank() || condition.rank() == 0 || !values.has_rank()) return {values};
  if (condition.rank() == 1 && values.rank() > 0) {
    merge_sizes(condition[0], values[0], "first dimension of the condition", condition, values);
    return {values};
  }
  return {values.merged_with(condition)};
}

}  // namespace

void register_math_select(OpRegistry& ops) {
  ops.add({.name = "SelectV2",
           .inputs = {"condition: bool", "t: T", "e: T"},
           .outputs = {"output: T"},
           .shape = broadcast_shapes,
           .gradient = select_v2_gradient,
           .elementwise = lower_select});
  ops.add({.name = "Select",
           .inputs = {"condition: bool", "t: T", "e: T"},
           .outputs = {"output: T"},
           .shape = select_shape,
           .gradient = select_gradient});
}

}  // namespace internal

Output where(Input condition, Input x, Input y, const OpOptions& options) {
  return internal::add_output("Select", {condition, x, y}, {.name = options.name});
}

}  // namespace tenon
