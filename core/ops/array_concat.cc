// ConcatV2: tensors joined along an axis they have.

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/size_rules.h"
#include "core/ops/argument_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "core/ops/op_scope.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes concat_shape(const ShapeContext& context) {
  const int count = static_cast<int>(context.inputs.size()) - 1;
  const auto axis = one_integer(context, count, "axis");
  Shape merged = Shape::unknown();
  for (int i = 0; i < count; ++i) {
    const Shape& input = context.inputs[static_cast<size_t>(i)];
    if (!input.has_rank()) continue;
    if (!merged.has_rank()) merged = with_rank(Shape::unknown(), input.rank(), "values");
    with_rank(input, merged.rank(), str("values[", i, "]"));
  }
  if (!merged.has_rank() || !axis) return {merged};
  with_rank_at_least(merged, 1, "values");
  const int along = resolve_axis(*axis, merged.rank(), "concatenation axis");
  int64_t total = 0;
  for (int i = 0; i < count; ++i) {
    Shape input = context.inputs[static_cast<size_t>(i)];
    const int64_t size = input.has_rank() ? input[along] : kUnknown;
    total = size < 0 || total < 0 ? kUnknown : add_sizes(total, size);
    if (!input.has_rank()) continue;
    for (int j = 0; j < merged.rank(); ++j) {
      if (j == along) continue;
      merged[j] = merge_sizes(merged[j], input[j], str("dimension ", j, " of concatenated values"),
                              context.inputs[0], input);
    }
  }
  merged[along] = total;
  return {merged};
}

std::optional<Tensor> concat_value(const ShapeContext& context) {
  const int count = static_cast<int>(context.inputs.size()) - 1;
  std::vector<int64_t> all;
  for (int i = 0; i < count; ++i) {
    const auto part = context.integers(i);
    if (!part || context.inputs[static_cast<size_t>(i)].rank() != 1) return std::nullopt;
    all.insert(all.end(), part->begin(), part->end());
  }
  return integer_tensor(context.value(0).dtype(), {static_cast<int64_t>(all.size())}, all);
}

std::optional<Shape> concat_shape_value(const ShapeContext& context) {
  Shape shape;
  for (int i = 0; i + 1 < static_cast<int>(context.inputs.size()); ++i) {
    const Shape part = context.value_as_shape(i);
    if (!part.has_rank()) return Shape::unknown();
    for (const int64_t size : part.sizes()) shape.push_back(size);
  }
  return shape;
}

// The gradient is cut into pieces of the sizes that were joined.
Outputs concat_gradient(const Operation& op, const Outputs& dy) {
  const int count = op.input_count() - 1;
  const Output axis = op.input(count);
  const auto known = known_integers(axis);
  int rank = -1;
  for (int i = 0; i < count; ++i) rank = std::max(rank, op.input(i).shape().rank());
  require<UnimplementedError>(known && rank >= 0, ErrorKind::bad_argument, "The gradient of '",
                              op.name(), "' (ConcatV2) needs an axis and a rank that are known");
  const int along = resolve_axis((*known)[0], rank);
  std::vector<Input> sizes;
  for (int i = 0; i < count; ++i) sizes.push_back(size_along(op.input(i), along));
  Outputs gradients = split_by_sizes(dy[0], sizes, along);
  for (int i = 0; i < count; ++i) {
    gradients[static_cast<size_t>(i)].set_shape(op.input(i).shape());
  }
  gradients.emplace_back();
  return gradients;
}

}  // namespace

void register_array_concat(OpRegistry& ops) {
  ops.add({.name = "ConcatV2",
           .inputs = {"values: N * T", "axis: Tidx"},
           .outputs = {"output: T"},
           .defaults = {{"Tidx", int32}},
           .types = {{"Tidx", kIndices}},
           .shape = concat_shape,
           .gradient = concat_gradient,
           .value = concat_value,
           .shape_value = concat_shape_value,
           .needs_value = {-1}});
}

}  // namespace internal

Output concat(const Inputs& values, Input axis, const OpOptions& options) {
  internal::require<ValueError>(!values.empty(), ErrorKind::bad_argument,
                                "concat needs at least one tensor");
  if (values.size() == 1) {
    const internal::OpScope scope(options.name, "concat", values.items());
    return identity(values[0], {.name = scope.name()});
  }
  return internal::add_output(
      "ConcatV2", {values, axis},
      {.name = options.name.empty() ? "concat" : options.name, .where = values[0].where()});
}

}  // namespace tenon
