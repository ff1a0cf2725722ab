// BiasAdd: output = value + bias, one bias for each element of the channel dimension.
//   value [..., C] (NHWC) or [N, C, ...] (NCHW), bias [C] -> value's shape

#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

int channel_axis(const AttrMap& attrs) {
  return attrs.get<std::string>("data_format") == "NCHW" ? 1 : -1;
}

Shapes bias_add_shape(const ShapeContext& context) {
  const Shape bias = with_rank(context.inputs[1], 1, "bias");
  const int axis = channel_axis(context.attrs);
  Shape value = with_rank_at_least(context.inputs[0], axis == 1 ? 3 : 2, "value");
  if (!value.has_rank()) return {value};
  require<ValueError>(value[axis] < 0 || bias[0] < 0 || value[axis] == bias[0],
                      ErrorKind::shape_incompatible, "Dimensions must be equal, but are ",
                      value[axis], " and ", bias[0], ": bias ", bias, " doesn't fit value ", value);
  if (value[axis] < 0) value[axis] = bias[0];
  return {value};
}

Shapes bias_add_grad_shape(const ShapeContext& context) {
  const Shape& value = with_rank_at_least(context.inputs[0], 2, "out_backprop");
  return {Shape{value.has_rank() ? value[channel_axis(context.attrs)] : kUnknown}};
}

AttrMap format_of(const Operation& op) {
  return {{"data_format", op.node()->attrs.get<std::string>("data_format")}};
}

bool adds_along_last(const AttrMap& attrs) { return channel_axis(attrs) == -1; }

// Each bias was used once in every row, so its gradient is the sum over the rows.
Outputs bias_add_gradient(const Operation& op, const Outputs& dy) {
  return {dy[0], add_output("BiasAddGrad", {dy[0]}, {.attrs = format_of(op)})};
}

// Of the sum over the rows: the same number for every row.
Outputs bias_add_grad_gradient(const Operation& op, const Outputs& dy) {
  const Output like = op.input(0);
  Output channels = dy[0];
  if (channel_axis(op.node()->attrs) == 1) {
    const int rank = like.shape().rank();
    require<UnimplementedError>(rank >= 2, ErrorKind::bad_argument, "The gradient of '", op.name(),
                                "' (BiasAddGrad) needs a known rank");
    for (int i = 2; i < rank; ++i) channels = expand_dims(channels, -1);
  }
  return {broadcast_to(channels, shape_argument(like))};
}

}  // namespace

void register_nn_bias_add(OpRegistry& ops) {
  ops.add({.name = "BiasAdd",
           .inputs = {"value: T", "bias: T"},
           .outputs = {"output: T"},
           .defaults = {{"data_format", std::string("NHWC")}},
           .types = {{"T", kNumbers}},
           .shape = bias_add_shape,
           .gradient = bias_add_gradient,
           .adds_along_last = adds_along_last});
  ops.add({.name = "BiasAddGrad",
           .inputs = {"out_backprop: T"},
           .outputs = {"output: T"},
           .defaults = {{"data_format", std::string("NHWC")}},
           .types = {{"T", kNumbers}},
           .shape = bias_add_grad_shape,
           .gradient = bias_add_grad_gradient});
}

}  // namespace internal

Output nn::bias_add(Input value, Input bias, const BiasAddOptions& options) {
  using internal::require;
  const std::string& format = options.data_format;
  const bool last =
      format == "NHWC" || (format.size() > 1 && format.starts_with("N") && format.ends_with("C"));
  require<ValueError>(last || format.starts_with("NC"), ErrorKind::bad_argument,
                      "`data_format` must be of the form `N...C` or `NC...`. Received: ", format);
  return internal::add_output(
      "BiasAdd", {value, bias},
      {.name = options.name, .attrs = {{"data_format", std::string(last ? "NHWC" : "NCHW")}}});
}

}  // namespace tenon
