// ArgMax and ArgMin: where along an axis the largest or smallest element is.

#include "core/base/check.h"
#include "core/ops/argument_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes arg_shape(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  const auto axis = one_integer(context, 1, "dimension");
  if (!input.has_rank()) return {Shape::unknown()};
  with_rank_at_least(input, 1, "input");
  if (!axis) {
    return {Shape(std::vector<int64_t>(static_cast<size_t>(input.rank() - 1), kUnknown))};
  }
  return {without_axis(input, resolve_axis(*axis, input.rank(), "dimension"))};
}

Output arg(const char* type, const Input& input, const ArgMaxOptions& options) {
  return add_output(type, {input, Input(options.axis)},
                    {.name = options.name,
                     .attrs = {{"output_type", options.output_type}},
                     .where = input.where()});
}

}  // namespace

void register_math_arg(OpRegistry& ops) {
  std::vector<DType> types = kNumbers;
  types.push_back(bool_);
  for (const char* name : {"ArgMax", "ArgMin"}) {
    ops.add({.name = name,
             .inputs = {"input: T", "dimension: Tidx"},
             .outputs = {"output: output_type"},
             .defaults = {{"Tidx", int32}, {"output_type", int64}},
             .types = {{"T", types}, {"Tidx", kIndices}, {"output_type", kIndices}},
             .shape = arg_shape,
             .differentiable = false,
             .needs_value = {1}});
  }
}

}  // namespace internal

Output argmax(Input input, const ArgMaxOptions& options) {
  return internal::arg("ArgMax", input, options);
}
Output argmin(Input input, const ArgMaxOptions& options) {
  return internal::arg("ArgMin", input, options);
}

}  // namespace tenon
