// Conv2D and its two gradients.
//   input [N, H, W, C], filter [rows, columns, C / groups, K] -> [N, H', W', K]

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/ops/argument_rules.h"
#include "core/ops/channels_first.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "core/ops/window_rules.h"
#include "tenon/array_ops.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

using Numbers = std::vector<int64_t>;

struct ImageSides {
  int64_t before = 0, after = 0;
};

ImageSides image_sides_of(const AttrMap& attrs, int axis) {
  const Numbers& paddings = attrs.get<Numbers>("explicit_paddings");
  if (paddings.empty()) return {};
  return {paddings[static_cast<size_t>(2 * axis)], paddings[static_cast<size_t>(2 * axis + 1)]};
}

int64_t convolved_size(const ShapeContext& context, const Shape& input, int axis, int64_t window) {
  const AttrMap& attrs = context.attrs;
  const auto at = static_cast<size_t>(axis);
  const WindowAxis along{.size = input[axis],
                         .window = window,
                         .stride = attrs.get<Numbers>("strides")[at],
                         .dilation = attrs.get<Numbers>("dilations")[at]};
  const ImageSides sides = image_sides_of(attrs, axis);
  return window_output_size(along, attrs.get<std::string>("padding"), sides.before, sides.after,
                            context.planning());
}

// The shape of the convolution of an image by a filter.
Shape convolved_shape(const ShapeContext& context, const Shape& image, const Shape& kernel) {
  const AttrMap& attrs = context.attrs;
  const Shape input = with_rank(image, 4, "input");
  const Shape filter = with_rank(kernel, 4, "filter");
  const ImageAxes axes = axes_of(attrs);
  const int64_t depth = input[axes.channels], filter_depth = filter[2];
  if (depth >= 0 && filter_depth >= 0) {
    require<ValueError>(filter_depth > 0 && depth % filter_depth == 0,
                        ErrorKind::shape_incompatible, "Depth of input (", depth,
                        ") is not a multiple of input depth of filter (", filter_depth,
                        "): the shapes are ", input, " and ", filter);
    const int64_t groups = depth / filter_depth;
    require<ValueError>(groups == 0 || filter[3] < 0 || filter[3] % groups == 0,
                        ErrorKind::shape_incompatible, "Depth of output (", filter[3],
                        ") is not a multiple of the number of groups (", groups, ")");
  }
  Shape output{kUnknown, kUnknown, kUnknown, kUnknown};
  output[0] = input[0];
  output[axes.height] = convolved_size(context, input, axes.height, filter[0]);
  output[axes.width] = convolved_size(context, input, axes.width, filter[1]);
  output[axes.channels] = filter[3];
  return output;
}

Shapes conv_shape(const ShapeContext& context) {
  return {convolved_shape(context, context.inputs[0], context.inputs[1])};
}

Shape sizes_from(const ShapeContext& context, int input) {
  with_rank(context.inputs[static_cast<size_t>(input)], 1, "the sizes");
  return with_rank(context.value_as_shape(input), 4, "the sizes");
}

void check_out_backprop(const ShapeContext& context, const Shape& image, const Shape& filter) {
  const Shape wanted = convolved_shape(context, image, filter);
  require<ValueError>(wanted.compatible_with(context.inputs[2]), ErrorKind::shape_incompatible,
                      "out_backprop has shape ", context.inputs[2], ", but the convolution of an ",
                      "image of shape ", image, " by a filter of shape ", filter, " has shape ",
                      wanted);
}
Shapes backprop_input_shape(const ShapeContext& context) {
  const Shape image = sizes_from(context, 0);
  check_out_backprop(context, image, context.inputs[1]);
  return {image};
}
Shapes backprop_filter_shape(const ShapeContext& context) {
  const Shape filter = sizes_from(context, 1);
  check_out_backprop(context, context.inputs[0], filter);
  return {filter};
}

AttrMap conv_attributes(const Operation& op) {
  return attributes_of(op, {"strides", "padding", "explicit_paddings", "data_format", "dilations",
                            "use_cudnn_on_gpu"});
}

Output backprop_input(const Operation& op, const Output& input, const Output& filter,
                      const Output& dy) {
  return add_output("Conv2DBackpropInput", {shape_argument(input, int32).as_input(), filter, dy},
                    {.attrs = conv_attributes(op), .shape = input.shape()});
}
Output backprop_filter(const Operation& op, const Output& input, const Output& filter,
                       const Output& dy) {
  return add_output("Conv2DBackpropFilter", {input, shape_argument(filter, int32).as_input(), dy},
                    {.attrs = conv_attributes(op), .shape = filter.shape()});
}
Output convolved(const Operation& op, const Output& input, const Output& filter) {
  return add_output("Conv2D", {input, filter}, {.attrs = conv_attributes(op)});
}

Outputs conv_gradient(const Operation& op, const Outputs& dy) {
  const Output input = op.input(0), filter = op.input(1);
  return {backprop_input(op, input, filter, dy[0]), backprop_filter(op, input, filter, dy[0])};
}
// Both gradients are linear in each argument, so theirs are convolutions again.
Outputs backprop_input_gradient(const Operation& op, const Outputs& dy) {
  const Output filter = op.input(1), out_backprop = op.input(2);
  return {Output(), backprop_filter(op, dy[0], filter, out_backprop), convolved(op, dy[0], filter)};
}
Outputs backprop_filter_gradient(const Operation& op, const Outputs& dy) {
  const Output input = op.input(0), out_backprop = op.input(2);
  return {backprop_input(op, input, dy[0], out_backprop), Output(), convolved(op, input, dy[0])};
}

OpDef conv_op(const char* name, std::vector<std::string> inputs, ShapeFunction shape,
              GradientFunction gradient) {
  return {.name = name,
          .inputs = std::move(inputs),
          .outputs = {"output: T"},
          .defaults = {{"use_cudnn_on_gpu", true},
                       {"explicit_paddings", Numbers{}},
                       {"data_format", std::string("NHWC")},
                       {"dilations", Numbers{1, 1, 1, 1}}},
          .types = {{"T", {bfloat16, float16, float32, float64, int32}}},
          .shape = shape,
          .gradient = gradient};
}

AttrMap attributes(const nn::Conv2DOptions& options) {
  check_padding(options.padding, true);
  const Numbers strides = as_four(options.strides, "strides", options.data_format);
  const Numbers dilations = as_four(options.dilations, "dilations", options.data_format);
  const bool first = options.data_format == "NCHW";
  require<ValueError>(strides[0] == 1 && strides[first ? 1 : 3] == 1, ErrorKind::bad_argument,
                      "Strides in the batch and depth dimensions must be 1, but are [",
                      join(strides), "]");
  require<ValueError>(dilations[0] == 1 && dilations[first ? 1 : 3] == 1, ErrorKind::bad_argument,
                      "Dilations in the batch and depth dimensions must be 1, but are [",
                      join(dilations), "]");
  return {{"strides", strides},
          {"padding", options.padding.kind()},
          {"explicit_paddings", options.padding.explicit_paddings()},
          {"data_format", options.data_format},
          {"dilations", dilations}};
}

// The sizes of an image in the order of NCHW, in that of NHWC.
Integers channels_last_sizes(const Integers& sizes) {
  if (sizes.known()) return channels_last(sizes.numbers());
  return gather(sizes.as_input(), {0, 2, 3, 1});
}

}  // namespace

void register_nn_conv(OpRegistry& ops) {
  OpDef conv = conv_op("Conv2D", {"input: T", "filter: T"}, conv_shape, conv_gradient);
  conv.filter_input = [](const AttrMap&) { return 1; };
  ops.add(std::move(conv));
  OpDef into_input =
      conv_op("Conv2DBackpropInput", {"input_sizes: int32", "filter: T", "out_backprop: T"},
              backprop_input_shape, backprop_input_gradient);
  into_input.needs_value = {0};
  ops.add(std::move(into_input));
  OpDef into_filter =
      conv_op("Conv2DBackpropFilter", {"input: T", "filter_sizes: int32", "out_backprop: T"},
              backprop_filter_shape, backprop_filter_gradient);
  into_filter.needs_value = {1};
  ops.add(std::move(into_filter));
}

}  // namespace internal

Output nn::conv2d(Input input, Input filter, const Conv2DOptions& options) {
  const internal::AttrMap attrs = internal::attributes(options);
  if (options.data_format == "NCHW") {
    const internal::OpScope scope(options.name, "Conv2D", {input, filter});
    return internal::to_channels_first(
        conv2d(internal::to_channels_last(input), filter, internal::channels_last(options)),
        scope.name());
  }
  return internal::add_output("Conv2D", {input, filter}, {.name = options.name, .attrs = attrs});
}

Output nn::conv2d_backprop_input(Integers input_sizes, Input filter, Input out_backprop,
                                 const Conv2DOptions& options) {
  const internal::CallerLine line(filter.where());
  const internal::AttrMap attrs = internal::attributes(options);
  if (options.data_format == "NCHW") {
    const internal::OpScope scope(options.name, "Conv2DBackpropInput", {filter, out_backprop});
    return internal::to_channels_first(
        conv2d_backprop_input(internal::channels_last_sizes(input_sizes), filter,
                              internal::to_channels_last(out_backprop),
                              internal::channels_last(options)),
        scope.name());
  }
  return internal::add_output(
      "Conv2DBackpropInput", {input_sizes.as_input(), filter, out_backprop},
      {.name = options.name, .attrs = attrs, .where = out_backprop.where()});
}

Output nn::conv2d_backprop_filter(Input input, Integers filter_sizes, Input out_backprop,
                                  const Conv2DOptions& options) {
  const internal::CallerLine line(input.where());
  const internal::AttrMap attrs = internal::attributes(options);
  if (options.data_format == "NCHW") {
    const internal::OpScope scope(options.name, "Conv2DBackpropFilter", {input, out_backprop});
    return conv2d_backprop_filter(internal::to_channels_last(input), filter_sizes,
                                  internal::to_channels_last(out_backprop),
                                  internal::channels_last(options));
  }
  return internal::add_output("Conv2DBackpropFilter",
                              {input, filter_sizes.as_input(), out_backprop},
                              {.name = options.name, .attrs = attrs});
}

}  // namespace tenon
