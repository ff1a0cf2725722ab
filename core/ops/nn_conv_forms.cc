// Convolutions made of Conv2D and its gradients: transposed, of each channel, separable, of lines.

#include "core/base/check.h"
#include "core/graph/shape_rules.h"
#include "core/graph/size_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"
#include "core/ops/window_rules.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_nn_conv_forms(OpRegistry&) {}

namespace {

int channels_axis(const std::string& data_format) { return data_format == "NCHW" ? 1 : 3; }

// The sizes of a filter [rows, columns, C, M] as one of C groups: [rows, columns, 1, C * M]. Where
// C isn't known before the run it is the image's, so that a filter of another C is refused.
Integers grouped_sizes(const Output& image, const Output& filter, int channels) {
  const Shape shape = with_rank(image.shape(), 4, "input");
  const Shape sizes = with_rank(filter.shape(), 4, "filter");
  require<ValueError>(shape[channels] < 0 || sizes[2] < 0 || shape[channels] == sizes[2],
                      ErrorKind::shape_incompatible, "The image has ", shape[channels],
                      " channels, the filter is for ", sizes[2], ": the shapes are ", shape,
                      " and ", sizes);
  std::vector<Input> parts;
  for (const int axis : {0, 1}) {
    parts.push_back(size_along(filter, axis));
  }
  parts.emplace_back(int64_t{1});
  const bool known = sizes[2] >= 0 && sizes[3] >= 0 && shape[channels] >= 0;
  parts.push_back(known ? Input(multiply_sizes(sizes[2], sizes[3]))
                        : Input(multiply(strided_slice(tenon::shape(image), {channels},
                                                       {channels + 1}, {.shrink_axis_mask = 1}),
                                         strided_slice(tenon::shape(filter), {3}, {4},
                                                       {.shrink_axis_mask = 1}))));
  return integers_of(parts);
}

}  // namespace
}  // namespace internal

using internal::as_output;
using internal::OpScope;
using internal::require;

Output nn::conv2d_transpose(Input value, Input filter, Integers output_shape,
                            const Conv2DOptions& options) {
  const OpScope scope(options.name, "conv2d_transpose", {value, filter});
  Conv2DOptions named = options;
  named.name = scope.name();
  return conv2d_backprop_input(std::move(output_shape), std::move(filter), std::move(value), named);
}

Output nn::depthwise_conv2d(Input input, Input filter, const Conv2DOptions& options) {
  const OpScope scope(options.name, "depthwise", {input, filter});
  const Output image = as_output(input, "tensor_in"), weights = as_output(filter, "filter_in");
  const Integers sizes =
      internal::grouped_sizes(image, weights, internal::channels_axis(options.data_format));
  Conv2DOptions named = options;
  named.name = scope.name();
  return conv2d(image, reshape(weights, sizes), named);
}

Output nn::separable_conv2d(Input input, Input depthwise_filter, Input pointwise_filter,
                            const Conv2DOptions& options) {
  const OpScope scope(options.name, "separable_conv2d",
                      {input, depthwise_filter, pointwise_filter});
  const Output pointwise = as_output(pointwise_filter, "pointwise_filter");
  const Shape sizes = internal::with_rank(pointwise.shape(), 4, "pointwise_filter");
  require<ValueError>((sizes[0] < 0 || sizes[0] == 1) && (sizes[1] < 0 || sizes[1] == 1),
                      ErrorKind::shape_incompatible,
                      "pointwise_filter must have shape [1, 1, C * M, K], but has ", sizes);
  Conv2DOptions depthwise = options;
  depthwise.name = "depthwise";
  const Output channels = depthwise_conv2d(input, depthwise_filter, depthwise);
  return conv2d(channels, pointwise,
                {.padding = "VALID", .data_format = options.data_format, .name = scope.name()});
}

Output nn::conv1d(Input input, Input filter, const Conv1DOptions& options) {
  const bool channels_first = options.data_format == "NCW";
  require<ValueError>(channels_first || options.data_format == "NWC", ErrorKind::bad_argument,
                      "data_format must be NWC or NCW, not ", options.data_format);
  internal::check_padding(options.padding, false);
  const OpScope scope(options.name, "conv1d", {input, filter});
  const int64_t axis = channels_first ? 2 : 1;
  const Output lines = expand_dims(as_output(input, "value"), axis);
  const Output weights = expand_dims(as_output(filter, "filters"), 0);
  const auto along = [&](int64_t number) {
    return channels_first ? std::vector<int64_t>{1, 1, 1, number}
                          : std::vector<int64_t>{1, 1, number, 1};
  };
  const Output convolved = conv2d(lines, weights,
                                  {.strides = along(options.stride),
                                   .padding = options.padding,
                                   .dilations = along(options.dilation),
                                   .data_format = channels_first ? "NCHW" : "NHWC"});
  return squeeze(convolved, {.axis = {axis}, .name = scope.name()});
}

}  // namespace tenon
