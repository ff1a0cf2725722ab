// Cumsum and Cumprod: running sums and products along an axis.

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

Outputs cumprod_gradient(const Operation& op, const Outputs& dy) {
  const AttrMap& attrs = op.node()->attrs;
  const Output sums = scan("Cumsum", op.output(0) * dy[0], op.input(1),
                           attrs.get<bool>("exclusive"), !attrs.get<bool>("reverse"));
  return {div_no_nan(sums, op.input(0)), Output()};
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
