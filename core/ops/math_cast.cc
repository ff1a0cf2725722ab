// Cast: x as another dtype.

#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "core/ops/op_scope.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

Values lower_cast(ElementwiseBuilder& b, const Values& in, const AttrMap& attrs) {
  return {b.cast(in[0], attrs.get<DType>("DstT"))};
}

Outputs cast_gradient(const Operation& op, const Outputs& dy) {
  const DType from = op.input(0).dtype();
  if (!is_floating(from) || !is_floating(dy[0].dtype())) return {Output()};
  return {cast(dy[0], from)};
}

std::optional<Tensor> cast_value(const ShapeContext& context) {
  const DType to = context.attrs.get<DType>("DstT");
  const auto numbers = context.integers(0);
  if (!numbers || !is_index_dtype(to) || numbers->size() > size_t{kMostElementsFolded}) {
    return std::nullopt;
  }
  return integer_tensor(to, context.inputs[0], *numbers);
}

}  // namespace

void register_math_cast(OpRegistry& ops) {
  std::vector<DType> types = kNumbers;
  types.push_back(bool_);
  ops.add({.name = "Cast",
           .inputs = {"x: SrcT"},
           .outputs = {"y: DstT"},
           .defaults = {{"Truncate", false}},
           .types = {{"SrcT", types}, {"DstT", types}},
           .shape = shape_of_first,
           .gradient = cast_gradient,
           .elementwise = lower_cast,
           .value = cast_value,
           .shape_value = shape_value_of_first});
}

}  // namespace internal

using internal::as_output;

Output cast(Input x, DType dtype, const OpOptions& options) {
  if (x.is_output()) {
    if (x.dtype() == dtype) return internal::as_output(x);
    return internal::add_output("Cast", {x}, {.name = options.name, .attrs = {{"DstT", dtype}}});
  }
  const internal::OpScope scope(options.name, "Cast", {x});
  const Output value = as_output(x, "x");
  if (value.dtype() == dtype) return value;
  return internal::add_output("Cast", {value}, {.name = scope.name(), .attrs = {{"DstT", dtype}}});
}

}  // namespace tenon
