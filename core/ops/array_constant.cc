// Const, Placeholder, PlaceholderWithDefault: the plan hands out their values, no kernel runs.

#include "core/base/check.h"
#include "core/graph/size_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/tensor/buffer.h"
#include "tenon/array_ops.h"

#include <cstring>

namespace tenon {
namespace internal {
namespace {

Shapes constant_shape(const ShapeContext& context) {
  return {context.attrs.get<Tensor>("value").shape()};
}

Shapes placeholder_shape(const ShapeContext& context) {
  return {context.attrs.get<Shape>("shape")};
}

Shapes placeholder_with_default_shape(const ShapeContext& context) {
  const Shape& shape = context.attrs.get<Shape>("shape");
  require<ValueError>(context.inputs[0].compatible_with(shape), ErrorKind::shape_incompatible,
                      "The default of shape ", context.inputs[0],
                      " doesn't fit the placeholder's shape ", shape);
  // The placeholder itself is planned only where it isn't fed.
  return {context.planning() ? context.inputs[0] : shape};
}

// The elements of `value` in `shape`; the last one is repeated where the shape has more.
Tensor filled_up(const Tensor& value, const Shape& shape) {
  check_sizes(shape);
  const int64_t wanted = shape.element_count(), have = value.element_count();
  if (wanted == 0) return Tensor(value.dtype(), shape);  // TensorFlow looks at no value then
  require<ValueError>(have <= wanted, ErrorKind::shape_incompatible,
                      "Too many elements provided. Takes at most ", wanted, ", but got ", have);
  require<ValueError>(have > 0, ErrorKind::bad_argument, "A constant of shape ", shape,
                      " can't be made of no elements");
  if (have == wanted) return value.reshaped(shape);
  Tensor result = uninitialized_tensor(value.dtype(), shape);
  if (value.dtype() == string) {
    const auto from = value.data<std::string>();
    const auto to = result.mutable_data<std::string>();
    for (size_t i = 0; i < to.size(); ++i) to[i] = from[std::min(i, from.size() - 1)];
    return result;
  }
  const size_t size = size_of(value.dtype());
  const auto* from = static_cast<const char*>(value.raw());
  auto* to = static_cast<char*>(result.raw());
  for (int64_t i = 0; i < wanted; ++i) {
    std::memcpy(to + static_cast<size_t>(i) * size,
                from + static_cast<size_t>(std::min(i, have - 1)) * size, size);
  }
  return result;
}

}  // namespace

void register_array_constant(OpRegistry& ops) {
  ops.add({.name = "Const",
           .outputs = {"output: dtype"},
           .shape = constant_shape,
           .action = PlanAction::kConstant});
  ops.add({.name = "Placeholder",
           .outputs = {"output: dtype"},
           .defaults = {{"shape", Shape::unknown()}},
           .shape = placeholder_shape,
           .action = PlanAction::kPlaceholder});
  ops.add({.name = "PlaceholderWithDefault",
           .inputs = {"input: dtype"},
           .outputs = {"output: dtype"},
           .defaults = {{"shape", Shape::unknown()}},
           .shape = placeholder_with_default_shape,
           .gradient = pass_gradient,
           .action = PlanAction::kPassOn});
}

}  // namespace internal

Output constant(Input value, const ConstantOptions& options) {
  using internal::fail;
  if (value.is_output()) {
    fail<TypeError>(ErrorKind::bad_argument, "constant takes values, not the tensor '",
                    value.name(), "'");
  }
  Tensor tensor = value.value();
  internal::require<ValueError>(static_cast<bool>(tensor), ErrorKind::bad_argument,
                                "None values not supported.");
  const DType dtype = options.dtype != DType::invalid ? options.dtype
                      : value.is_weak()               ? internal::natural_dtype(tensor)
                                                      : tensor.dtype();
  if (dtype != tensor.dtype()) {
    const Tensor converted = internal::convert_literal(tensor, dtype);
    internal::require<TypeError>(static_cast<bool>(converted), ErrorKind::dtype_incompatible,
                                 "Expected ", dtype, ", but got ", tensor, " of type '",
                                 tensor.dtype(), "'");
    tensor = converted;
  }
  if (options.shape.has_rank()) tensor = internal::filled_up(tensor, options.shape);
  if (tensor.buffer() == value.value().buffer()) tensor = tensor.clone();
  return internal::make_constant(tensor, options.name.empty() ? "Const" : options.name,
                                 value.where());
}

Output placeholder(DType dtype, const Shape& shape, const OpOptions& options, Location where) {
  return internal::add_output(
      "Placeholder", {},
      {.name = options.name, .attrs = {{"dtype", dtype}, {"shape", shape}}, .where = where});
}

Output placeholder_with_default(Input input, const Shape& shape, const OpOptions& options) {
  return internal::add_output("PlaceholderWithDefault", {input},
                              {.name = options.name, .attrs = {{"shape", shape}}});
}

}  // namespace tenon
