// ShapeN, and BroadcastGradientArgs: along which axes each of two operands was broadcast, so that
// its gradient is summed along them. Both follow from shapes, and are known when a plan is made.

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/integer_values.h"

namespace tenon::internal {
namespace {

using Numbers = std::vector<int64_t>;

Shapes shape_n_shape(const ShapeContext& context) {
  Shapes shapes;
  for (const Shape& input : context.inputs) {
    shapes.push_back(Shape{input.has_rank() ? int64_t{input.rank()} : kUnknown});
  }
  return shapes;
}

std::optional<std::vector<Tensor>> shape_n_values(const ShapeContext& context) {
  const DType out_type = context.attrs.get<DType>("out_type");
  std::vector<Tensor> values;
  for (const Shape& input : context.inputs) {
    if (!input.fully_defined()) return std::nullopt;
    const auto sizes = input.sizes();
    values.push_back(integer_tensor(out_type, {input.rank()}, {sizes.begin(), sizes.end()}));
  }
  return values;
}

// The axes of the result along which each operand has the size 1, or isn't there; none of shapes
// that are the same.
std::optional<std::vector<Numbers>> reduced_axes(const ShapeContext& context) {
  const std::optional<Numbers> known[] = {context.integers(0), context.integers(1)};
  if (!known[0] || !known[1]) return std::nullopt;
  if (*known[0] == *known[1]) return std::vector<Numbers>(2);
  const size_t rank = std::max(known[0]->size(), known[1]->size());
  std::vector<Numbers> axes(2);
  for (size_t axis = 0; axis < rank; ++axis) {
    int64_t sizes[2];
    for (size_t i = 0; i < 2; ++i) {
      const size_t missing = rank - known[i]->size();
      sizes[i] = axis < missing ? 1 : (*known[i])[axis - missing];
    }
    require<InvalidArgumentError>(
        sizes[0] == sizes[1] || sizes[0] == 1 || sizes[1] == 1, ErrorKind::shape_incompatible,
        "Incompatible shapes: ", Shape(*known[0]), " vs. ", Shape(*known[1]));
    for (size_t i = 0; i < 2; ++i) {
      if (sizes[i] == 1) axes[i].push_back(static_cast<int64_t>(axis));
    }
  }
  return axes;
}

Shapes broadcast_gradient_shape(const ShapeContext& context) {
  const auto axes = reduced_axes(context);
  if (!axes) return {Shape{kUnknown}, Shape{kUnknown}};
  return {Shape{static_cast<int64_t>((*axes)[0].size())},
          Shape{static_cast<int64_t>((*axes)[1].size())}};
}

std::optional<std::vector<Tensor>> broadcast_gradient_values(const ShapeContext& context) {
  const auto axes = reduced_axes(context);
  if (!axes) return std::nullopt;
  std::vector<Tensor> values;
  for (const Numbers& list : *axes) {
    values.push_back(
        integer_tensor(context.attrs.get<DType>("T"), {static_cast<int64_t>(list.size())}, list));
  }
  return values;
}

}  // namespace

void register_array_broadcast_args(OpRegistry& ops) {
  ops.add({.name = "ShapeN",
           .inputs = {"input: N * T"},
           .outputs = {"output: N * out_type"},
           .defaults = {{"out_type", int32}},
           .types = {{"out_type", {int32, int64}}},
           .shape = shape_n_shape,
           .differentiable = false,
           .values = shape_n_values});
  ops.add({.name = "BroadcastGradientArgs",
           .inputs = {"s0: T", "s1: T"},
           .outputs = {"r0: T", "r1: T"},
           .defaults = {{"T", int32}},
           .types = {{"T", {int32, int64}}},
           .shape = broadcast_gradient_shape,
           .differentiable = false,
           .values = broadcast_gradient_values,
           .needs_value = {0, 1}});
}

}  // namespace tenon::internal
