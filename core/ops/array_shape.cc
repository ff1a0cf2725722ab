// Shapes of tensors, and tensors under other shapes.

#include <limits>
#include <optional>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/size_rules.h"
#include "core/ops/argument_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "tenon/array_ops.h"

namespace tenon {

Integers::Integers(const Shape& shape, Location where)
    : numbers_(shape.sizes().begin(), shape.sizes().end()), where_(where) {
  internal::require<ValueError>(shape.has_rank(), ErrorKind::no_shape,
                                "A shape of unknown rank can't be an operation's argument");
}

std::vector<Input> Integers::tensors() const {
  if (whole_) return {*whole_};
  return parts_;
}

Input Integers::as_input(const std::string& name) const {
  if (whole_) return *whole_;
  if (!parts_.empty()) {
    return Input(internal::add_output("Pack", {parts_}, {.name = name, .where = where_}), where_);
  }
  return Input::weak(Tensor::from<int64_t>(numbers_, Shape{static_cast<int64_t>(numbers_.size())}),
                     where_);
}

namespace internal {
namespace {

Shapes shape_shape(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  return {Shape{input.has_rank() ? int64_t{input.rank()} : kUnknown}};
}

// The numbers as out_type. A run that wants what int32 can't hold throws InvalidArgumentError;
// while the graph is made there is just no value.
std::optional<Tensor> in_out_type(const ShapeContext& context, const Shape& shape,
                                  const std::vector<int64_t>& numbers) {
  const DType out_type = context.attrs.get<DType>("out_type");
  for (const int64_t number : numbers) {
    if (out_type == int64 || number <= std::numeric_limits<int32_t>::max()) continue;
    require<InvalidArgumentError>(!context.planning(), ErrorKind::bad_argument, "The ",
                                  shape.rank() == 0 ? "number of elements" : "size", " ", number,
                                  " of a tensor of shape ", context.inputs[0],
                                  " is more than int32 can hold: ask for out_type int64");
    return std::nullopt;
  }
  return integer_tensor(out_type, shape, numbers);
}

std::optional<Tensor> shape_value(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  if (!input.fully_defined()) return std::nullopt;
  return in_out_type(context, {input.rank()}, {input.sizes().begin(), input.sizes().end()});
}

std::optional<Tensor> size_value(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  if (!input.fully_defined()) return std::nullopt;
  return in_out_type(context, {}, {input.element_count()});
}

std::optional<Tensor> rank_value(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  if (!input.has_rank()) return std::nullopt;
  return integer_tensor(int32, {}, {input.rank()});
}

// The product of the known sizes that aren't 0.
int64_t count_without_zeros(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t size : shape.sizes()) {
    if (size > 0) count = multiply_sizes(count, size);
  }
  return count;
}

// The one unknown size of `to` that follows from the number of elements.
Shape with_inferred_size(const Shape& from, Shape to) {
  int unknown = -1, unknowns = 0;
  int64_t known = 1;
  bool overflows = false, is_empty = false;
  for (int i = 0; i < to.rank(); ++i) {
    if (to[i] < 0) {
      unknown = i;
      ++unknowns;
    } else {
      is_empty |= to[i] == 0;
      overflows |= __builtin_mul_overflow(known, to[i], &known);
    }
  }
  const int64_t count = count_of(from);
  if (count < 0 || unknowns > 1) return to;
  require<ValueError>(!overflows || is_empty, ErrorKind::shape_incompatible,
                      "Cannot reshape a tensor with ", count, " elements to shape ", to,
                      ", which has more than 64 bits can count: the tensor has shape ", from);
  if (is_empty) known = 0;
  if (unknowns == 0) {
    require<ValueError>(known == count, ErrorKind::shape_incompatible,
                        "Cannot reshape a tensor with ", count, " elements to shape ", to, " (",
                        known, " elements): the tensor has shape ", from);
    return to;
  }
  require<ValueError>(known != 0 || count == 0, ErrorKind::shape_incompatible,
                      "Cannot reshape a tensor with ", count, " elements to shape ", to,
                      ": the tensor has shape ", from);
  if (known == 0) {  // any size would do: (0, 3, 4) as {0, -1} becomes (0, 12), as TensorFlow's
    to[unknown] = count_without_zeros(from) / count_without_zeros(to);
    return to;
  }
  require<ValueError>(count % known == 0, ErrorKind::shape_incompatible,
                      "Dimension size must be evenly divisible by ", known, " but is ", count,
                      ": the tensor of shape ", from, " can't be reshaped to ", to);
  to[unknown] = count / known;
  return to;
}

Shapes reshape_shape(const ShapeContext& context) {
  with_rank(context.inputs[1], 1, "shape");
  if (const auto sizes = context.integers(1)) {
    int unknowns = 0;
    for (const int64_t size : *sizes) {
      require<ValueError>(size >= -1, ErrorKind::shape_incompatible, "Size ", size,
                          " must be non-negative in the shape [", join(*sizes), "]");
      unknowns += size == -1;
    }
    require<ValueError>(unknowns <= 1, ErrorKind::shape_incompatible,
                        "Only one input size may be -1 in the shape [", join(*sizes), "]");
  }
  const Shape to = context.value_as_shape(1);
  if (!to.has_rank()) return {to};
  return {with_inferred_size(context.inputs[0], to)};
}

// The size that -1 stands for in a computed value is known only with the input's.
std::optional<Tensor> reshaped_value(const ShapeContext& context, const Shapes& shapes) {
  const Tensor value = context.value(0);
  if (!value || !is_index_dtype(value.dtype()) || !shapes[0].fully_defined()) return std::nullopt;
  return value.reshaped(shapes[0]);
}

std::optional<Tensor> reshape_value(const ShapeContext& context) {
  return reshaped_value(context, reshape_shape(context));
}

Outputs reshape_gradient(const Operation& op, const Outputs& dy) {
  Outputs gradients(static_cast<size_t>(op.input_count()));
  gradients[0] = reshape(dy[0], shape_argument(op.input(0)));
  return gradients;
}

Shapes expand_dims_shape(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  const auto axis = one_integer(context, 1, "dim");
  if (!input.has_rank() || !axis) return {Shape::unknown()};
  return {with_inserted(input, resolve_axis(*axis, input.rank() + 1, "dimension"), 1)};
}

std::optional<Tensor> expand_dims_value(const ShapeContext& context) {
  return reshaped_value(context, expand_dims_shape(context));
}

Shapes squeeze_shape(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  const auto& named = context.attrs.get<std::vector<int64_t>>("squeeze_dims");
  if (!input.has_rank()) return {Shape::unknown()};
  std::vector<bool> dropped(static_cast<size_t>(input.rank()), false);
  for (const int64_t axis : named) {
    const int i = resolve_axis(axis, input.rank(), "squeeze dimension");
    require<ValueError>(input[i] < 0 || input[i] == 1, ErrorKind::shape_incompatible,
                        "Can not squeeze dim[", i, "], expected a dimension of 1, got ", input[i],
                        ": the input has shape ", input);
    dropped[static_cast<size_t>(i)] = true;
  }
  Shape output;
  for (int i = 0; i < input.rank(); ++i) {
    if (named.empty() && input[i] < 0) return {Shape::unknown()};
    if (named.empty() ? input[i] != 1 : !dropped[static_cast<size_t>(i)]) {
      output.push_back(input[i]);
    }
  }
  return {output};
}

std::optional<Tensor> squeeze_value(const ShapeContext& context) {
  return reshaped_value(context, squeeze_shape(context));
}

std::optional<Shape> shape_shape_value(const ShapeContext& context) { return context.inputs[0]; }

void register_shapes_of_tensors(OpRegistry& ops) {
  ops.add({.name = "Shape",
           .inputs = {"input: T"},
           .outputs = {"output: out_type"},
           .defaults = {{"out_type", int32}},
           .types = {{"out_type", kIndices}},
           .shape = shape_shape,
           .differentiable = false,
           .value = shape_value,
           .shape_value = shape_shape_value,
           .shape_only = {0}});
  ops.add({.name = "Size",
           .inputs = {"input: T"},
           .outputs = {"output: out_type"},
           .defaults = {{"out_type", int32}},
           .types = {{"out_type", kIndices}},
           .shape = scalar_shape,
           .differentiable = false,
           .value = size_value,
           .shape_only = {0}});
  ops.add({.name = "Rank",
           .inputs = {"input: T"},
           .outputs = {"output: int32"},
           .shape = scalar_shape,
           .differentiable = false,
           .value = rank_value,
           .shape_only = {0}});
}

}  // namespace

void register_array_shape(OpRegistry& ops) {
  register_shapes_of_tensors(ops);
  ops.add({.name = "Reshape",
           .inputs = {"tensor: T", "shape: Tshape"},
           .outputs = {"output: T"},
           .defaults = {{"Tshape", int32}},
           .types = {{"Tshape", kIndices}},
           .shape = reshape_shape,
           .gradient = reshape_gradient,
           .value = reshape_value,
           .needs_value = {1},
           .action = PlanAction::kPassOn});
  ops.add({.name = "ExpandDims",
           .inputs = {"input: T", "dim: Tdim"},
           .outputs = {"output: T"},
           .defaults = {{"Tdim", int32}},
           .types = {{"Tdim", kIndices}},
           .shape = expand_dims_shape,
           .gradient = reshape_gradient,
           .value = expand_dims_value,
           .needs_value = {1},
           .action = PlanAction::kPassOn});
  ops.add({.name = "Squeeze",
           .inputs = {"input: T"},
           .outputs = {"output: T"},
           .defaults = {{"squeeze_dims", std::vector<int64_t>{}}},
           .shape = squeeze_shape,
           .gradient = reshape_gradient,
           .value = squeeze_value,
           .action = PlanAction::kPassOn});
}

}  // namespace internal

using internal::add_output;

Output shape(Input input, const ShapeOptions& options) {
  return add_output("Shape", {input},
                    {.name = options.name, .attrs = {{"out_type", options.out_type}}});
}
Output size(Input input, const ShapeOptions& options) {
  return add_output("Size", {input},
                    {.name = options.name, .attrs = {{"out_type", options.out_type}}});
}
Output rank(Input input, const OpOptions& options) {
  return add_output("Rank", {input}, {.name = options.name});
}
Output reshape(Input tensor, Integers shape, const OpOptions& options) {
  const internal::CallerLine line(tensor.where());
  const std::string name = options.name.empty() ? "Reshape" : options.name;
  return add_output("Reshape", {tensor, shape.as_input(name + "/shape")},
                    {.name = name, .where = tensor.where()});
}
Output expand_dims(Input input, Input axis, const OpOptions& options) {
  return add_output("ExpandDims", {input, axis}, {.name = options.name});
}
Output squeeze(Input input, const SqueezeOptions& options) {
  const auto axes = options.axis.given() ? options.axis.list() : std::vector<int64_t>{};
  return add_output("Squeeze", {input}, {.name = options.name, .attrs = {{"squeeze_dims", axes}}});
}

}  // namespace tenon
