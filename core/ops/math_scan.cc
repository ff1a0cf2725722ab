// Cumsum and Cumprod: running sums and products along an axis. _Recurrence is what the gradient of
// products is made of.

#include "core/ops/argument_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

Output scan(const char* type, const Input& x, const Input& axis, bool exclusive, bool reverse,
            const std::string& name = {}) {
  return add_output(type, {x, axis},
                    {.name = name,
                     .attrs = {{"exclusive", exclusive}, {"reverse", reverse}},
                     .where = x.where()});
}

Outputs cumsum_gradient(const Operation& op, const Outputs& dy) {
  const AttrMap& attrs = op.node()->attrs;
  return {
      scan("Cumsum", dy[0], op.input(1), attrs.get<bool>("exclusive"), !attrs.get<bool>("reverse")),
      Output()};
}

Output recurrence(const Output& x, const Output& b, const Output& axis, bool reverse) {
  return add_output("_Recurrence", {x, b, axis}, {.attrs = {{"reverse", reverse}}});
}

// The products before an element times what becomes of each by the elements after it. Nothing is
// divided, so that it is right where elements are 0.
Outputs cumprod_gradient(const Operation& op, const Outputs& dy) {
  const AttrMap& attrs = op.node()->attrs;
  const bool exclusive = attrs.get<bool>("exclusive"), reverse = attrs.get<bool>("reverse");
  const Output x = op.input(0), axis = op.input(1);
  const Output before = exclusive ? op.output(0) : scan("Cumprod", x, axis, true, reverse);
  const Output after = recurrence(x, exclusive ? dy[0] : x * dy[0], axis, !reverse);
  return {before * (exclusive ? after : dy[0] + after), Output()};
}

// Linear in b; the adjoint is the same recurrence from the other end.
Outputs recurrence_gradient(const Operation& op, const Outputs& dy) {
  const Output adjoint =
      recurrence(op.input(0), dy[0], op.input(2), !op.node()->attrs.get<bool>("reverse"));
  return {adjoint * op.output(0), adjoint, Output()};
}

Shapes recurrence_shape(const ShapeContext& context) {
  const Shape x = context.inputs[0].merged_with(context.inputs[1]);
  const auto axis = one_integer(context, 2, "axis");
  if (axis && x.has_rank() && x.rank() > 0) resolve_axis(*axis, x.rank());
  return {x};
}

Shapes scan_shape(const ShapeContext& context) {
  const Shape& x = context.inputs[0];
  const auto axis = one_integer(context, 1, "axis");
  if (axis && x.has_rank()) resolve_axis(*axis, x.rank());
  return {x};
}

}  // namespace

void register_math_scan(OpRegistry& ops) {
  const std::pair<const char*, GradientFunction> rows[] = {{"Cumsum", cumsum_gradient},
                                                           {"Cumprod", cumprod_gradient}};
  for (const auto& [name, gradient] : rows) {
    ops.add({.name = name,
             .inputs = {"x: T", "axis: Tidx"},
             .outputs = {"out: T"},
             .defaults = {{"exclusive", false}, {"reverse", false}, {"Tidx", int32}},
             .types = {{"T", kNumbers}, {"Tidx", kIndices}},
             .shape = scan_shape,
             .gradient = gradient,
             .needs_value = {1}});
  }
  // y[0] = 0, y[i + 1] = b[i] + x[i] * y[i] along the axis.
  ops.add({.name = "_Recurrence",
           .inputs = {"x: T", "b: T", "axis: Tidx"},
           .outputs = {"y: T"},
           .defaults = {{"reverse", false}, {"Tidx", int32}},
           .types = {{"T", kFloats}, {"Tidx", kIndices}},
           .shape = recurrence_shape,
           .gradient = recurrence_gradient,
           .needs_value = {2}});
}

}  // namespace internal

Output cumsum(Input x, const CumsumOptions& options) {
  return internal::scan("Cumsum", x, options.axis, options.exclusive, options.reverse,
                        options.name);
}
Output cumprod(Input x, const CumsumOptions& options) {
  return internal::scan("Cumprod", x, options.axis, options.exclusive, options.reverse,
                        options.name);
}

}  // namespace tenon
