// Pack (stack) and Unpack (unstack): tensors along a new axis, and back.

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes pack_shape(const ShapeContext& context) {
  const Shape element = merged_shape(context)[0];
  if (!element.has_rank()) return {element};
  const int axis =
      resolve_axis(context.attrs.get<int64_t>("axis"), element.rank() + 1, "axis of stack");
  return {with_inserted(element, axis, static_cast<int64_t>(context.inputs.size()))};
}

std::optional<Tensor> pack_value(const ShapeContext& context) {
  std::vector<int64_t> numbers;
  DType dtype = DType::invalid;
  for (int i = 0; i < static_cast<int>(context.inputs.size()); ++i) {
    const auto number = context.integers(i);
    if (!number || context.inputs[static_cast<size_t>(i)].rank() != 0) return std::nullopt;
    numbers.push_back((*number)[0]);
    dtype = context.value(i).dtype();
  }
  return integer_tensor(dtype, {static_cast<int64_t>(numbers.size())}, numbers);
}

// Scalars that are known are sizes, the others unknown ones.
std::optional<Shape> pack_shape_value(const ShapeContext& context) {
  Shape shape;
  if (merged_shape(context)[0].rank() != 0) return std::nullopt;
  for (int i = 0; i < static_cast<int>(context.inputs.size()); ++i) {
    const auto number = context.integers(i);
    shape.push_back(number ? std::max(kUnknown, (*number)[0]) : kUnknown);
  }
  return shape;
}

Outputs pack_gradient(const Operation& op, const Outputs& dy) {
  return unstack(dy[0], {.num = op.input_count(), .axis = op.node()->attrs.get<int64_t>("axis")});
}

Shapes unpack_shape(const ShapeContext& context) {
  const Shape& value = with_rank_at_least(context.inputs[0], 1, "value");
  const int64_t num = context.attrs.get<int64_t>("num");
  if (!value.has_rank()) return Shapes(static_cast<size_t>(num), Shape::unknown());
  const int axis =
      resolve_axis(context.attrs.get<int64_t>("axis"), value.rank(), "axis of unstack");
  require<ValueError>(value[axis] < 0 || value[axis] == num, ErrorKind::shape_incompatible,
                      "Dimension ", axis, " of the shape ", value, " must be ", num, " but is ",
                      value[axis]);
  return Shapes(static_cast<size_t>(num), without_axis(value, axis));
}

Outputs unpack_gradient(const Operation& op, const Outputs& dy) {
  return {stack(with_zeros(op, dy), {.axis = op.node()->attrs.get<int64_t>("axis")})};
}

}  // namespace

void register_array_stack(OpRegistry& ops) {
  ops.add({.name = "Pack",
           .inputs = {"values: N * T"},
           .outputs = {"output: T"},
           .defaults = {{"axis", int64_t{0}}},
           .shape = pack_shape,
           .gradient = pack_gradient,
           .value = pack_value,
           .shape_value = pack_shape_value});
  ops.add({.name = "Unpack",
           .inputs = {"value: T"},
           .outputs = {"output: num * T"},
           .defaults = {{"axis", int64_t{0}}},
           .shape = unpack_shape,
           .gradient = unpack_gradient});
}

}  // namespace internal

Output stack(const Inputs& values, const StackOptions& options) {
  internal::require<ValueError>(!values.empty(), ErrorKind::bad_argument,
                                "stack needs at least one tensor");
  return internal::add_output("Pack", {values},
                              {.name = options.name.empty() ? "stack" : options.name,
                               .attrs = {{"axis", options.axis}},
                               .where = values[0].where()});
}

std::vector<Output> unstack(Input value, const UnstackOptions& options) {
  const internal::CallerLine line(value.where());
  const std::string name = options.name.empty() ? "unstack" : options.name;
  const Output x = internal::as_output(value, name + "/value");
  int64_t num = options.num.value_or(kUnknown);
  if (!options.num) {
    const Shape shape = x.shape();
    internal::require<ValueError>(shape.has_rank(), ErrorKind::shape_incompatible,
                                  "Cannot infer argument `num` from shape ", shape);
    num = shape[internal::resolve_axis(options.axis, shape.rank(), "axis of unstack")];
    internal::require<ValueError>(num >= 0, ErrorKind::shape_incompatible,
                                  "Cannot infer argument `num` from shape ", shape);
  }
  const Operation op = internal::add_operation(
      "Unpack", {x},
      {.name = name, .attrs = {{"num", num}, {"axis", options.axis}}, .where = value.where()});
  std::vector<Output> results;
  for (int i = 0; i < static_cast<int>(num); ++i) results.push_back(op.output(i));
  return results;
}

}  // namespace tenon
