// MaxPool and AvgPool, and their gradients. value [N, H, W, C] -> [N, H', W', C]

#include "core/ops/argument_rules.h"
#include "core/ops/channels_first.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "core/ops/window_rules.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

using Numbers = std::vector<int64_t>;

// The shape of an image of this shape, pooled.
Shape pooled_shape(const ShapeContext& context, const Shape& image) {
  const AttrMap& attrs = context.attrs;
  Shape value = with_rank(image, 4, "input");
  const Numbers &ksize = attrs.get<Numbers>("ksize"), &strides = attrs.get<Numbers>("strides");
  const std::string& padding = attrs.get<std::string>("padding");
  const Numbers& paddings = attrs.get<Numbers>("explicit_paddings");
  for (int i = 0; i < 4; ++i) {
    const auto at = static_cast<size_t>(i);
    const WindowAxis axis{.size = value[i], .window = ksize[at], .stride = strides[at]};
    value[i] = window_output_size(axis, padding, paddings.empty() ? 0 : paddings[2 * at],
                                  paddings.empty() ? 0 : paddings[2 * at + 1], context.planning());
  }
  return value;
}

Shapes pool_shape(const ShapeContext& context) {
  return {pooled_shape(context, context.inputs[0])};
}

Shapes max_pool_grad_shape(const ShapeContext& context) {
  const Shape pooled = pooled_shape(context, context.inputs[0]);
  of_shape(context.inputs[1], pooled, "orig_output");
  of_shape(context.inputs[2], pooled, "grad");
  return {with_rank(context.inputs[0], 4, "orig_input")};
}

Shapes max_pool_grad_grad_shape(const ShapeContext& context) {
  const Shape pooled = pooled_shape(context, context.inputs[0]);
  of_shape(context.inputs[2], with_rank(context.inputs[0], 4, "orig_input"), "grad");
  return {of_shape(context.inputs[1], pooled, "orig_output")};
}

Shapes avg_pool_grad_shape(const ShapeContext& context) {
  with_rank(context.inputs[0], 1, "the input's shape");
  const Shape image = with_rank(context.value_as_shape(0), 4, "the input's shape");
  of_shape(context.inputs[1], pooled_shape(context, image), "grad");
  return {image};
}

AttrMap pool_attributes(const Operation& op) {
  return attributes_of(op, {"ksize", "strides", "padding", "explicit_paddings", "data_format"});
}

Outputs max_pool_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("MaxPoolGrad", {op.input(0), op.output(0), dy[0]},
                     {.attrs = pool_attributes(op)})};
}

// What the largest pixels are stays the same: the gradient depends only on the third input, of
// which it takes and puts back elements.
Output with_largest(const char* type, const Operation& op, const Output& dy) {
  return add_output(type, {op.input(0), op.input(1), dy}, {.attrs = pool_attributes(op)});
}
Outputs max_pool_grad_gradient(const Operation& op, const Outputs& dy) {
  return {Output(), Output(), with_largest("MaxPoolGradGrad", op, dy[0])};
}
Outputs max_pool_grad_grad_gradient(const Operation& op, const Outputs& dy) {
  return {Output(), Output(), with_largest("MaxPoolGrad", op, dy[0])};
}

Outputs avg_pool_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("AvgPoolGrad", {shape_argument(op.input(0), int32).as_input(), dy[0]},
                     {.attrs = pool_attributes(op), .shape = op.input(0).shape()})};
}

Outputs avg_pool_grad_gradient(const Operation& op, const Outputs& dy) {
  return {Output(), add_output("AvgPool", {dy[0]}, {.attrs = pool_attributes(op)})};
}

OpDef pool_op(const char* name, std::vector<std::string> inputs, const std::vector<DType>& types,
              ShapeFunction shape, GradientFunction gradient) {
  return {.name = name,
          .inputs = std::move(inputs),
          .outputs = {"output: T"},
          .defaults = {{"explicit_paddings", Numbers{}}, {"data_format", std::string("NHWC")}},
          .types = {{"T", types}},
          .shape = shape,
          .gradient = gradient};
}

Output pool(const char* type, const Input& value, const nn::PoolOptions& options) {
  check_padding(options.padding, false);
  const Numbers ksize = as_four(options.ksize, "ksize", options.data_format);
  const Numbers strides = as_four(options.strides, "strides", options.data_format);
  if (options.data_format == "NCHW") {
    const OpScope scope(options.name, type, {value});
    return to_channels_first(pool(type, to_channels_last(value), channels_last(options)),
                             scope.name());
  }
  return add_output(type, {value},
                    {.name = options.name,
                     .attrs = {{"ksize", ksize},
                               {"strides", strides},
                               {"padding", options.padding.kind()},
                               {"data_format", options.data_format}}});
}

}  // namespace

void register_nn_pool(OpRegistry& ops) {
  ops.add(pool_op("MaxPool", {"input: T"}, kUsualNumbers, pool_shape, max_pool_gradient));
  ops.add(pool_op("MaxPoolGrad", {"orig_input: T", "orig_output: T", "grad: T"}, kUsualNumbers,
                  max_pool_grad_shape, max_pool_grad_gradient));
  ops.add(pool_op("MaxPoolGradGrad", {"orig_input: T", "orig_output: T", "grad: T"}, kUsualNumbers,
                  max_pool_grad_grad_shape, max_pool_grad_grad_gradient));
  ops.add(pool_op("AvgPool", {"value: T"}, kFloats, pool_shape, avg_pool_gradient));
  OpDef gradient = pool_op("AvgPoolGrad", {"orig_input_shape: int32", "grad: T"}, kFloats,
                           avg_pool_grad_shape, avg_pool_grad_gradient);
  gradient.needs_value = {0};
  ops.add(std::move(gradient));
}

}  // namespace internal

Output nn::max_pool(Input value, const PoolOptions& options) {
  return internal::pool("MaxPool", value, options);
}
Output nn::avg_pool(Input value, const PoolOptions& options) {
  return internal::pool("AvgPool", value, options);
}

}  // namespace tenon
