// Layers that older programs have as one operation: convolutions with what stands before them,
// their gradients channel by channel, normalizations, recurrent cells.
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/graph/builder.h"
#include "core/import/expansions.h"
#include "core/import/known_inputs.h"
#include "tenon/arrange_ops.h"
#include "tenon/array_ops.h"
#include "tenon/image_ops.h"
#include "tenon/index_ops.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"
#include "tenon/ops.h"

namespace tenon::internal {
namespace {

using Made = std::vector<Output>;
using Numbers = std::vector<int64_t>;

nn::Conv2DOptions conv_options(const ExpandedNode& node, const std::string& name) {
  return {.strides = node.attrs.get<Numbers>("strides"),
          .padding = node.attrs.get<std::string>("padding"),
          .dilations = node.attrs.get_or<Numbers>("dilations", {1, 1, 1, 1}),
          .data_format = node.attrs.get_or<std::string>("data_format", "NHWC"),
          .name = name};
}

// The filter [rows, columns, C, M] of a convolution of each channel by filters of its own is that
// [rows, columns, 1, C * M] of a convolution of C groups; `sizes` are the former's.
Numbers grouped(const Numbers& sizes) { return {sizes[0], sizes[1], 1, sizes[2] * sizes[3]}; }

Numbers filter_sizes(const ExpandedNode& node, const Shape& shape) {
  require<UnimplementedError>(shape.fully_defined() && shape.rank() == 4, ErrorKind::no_kernel,
                              "Node '", node.name, "': its filter's shape must be known, not ",
                              shape);
  return {shape.sizes().begin(), shape.sizes().end()};
}

Made depthwise_input_gradient_of(const ExpandedNode& node) {
  const Numbers sizes = filter_sizes(node, node.inputs[1].shape());
  return {nn::conv2d_backprop_input(node.inputs[0], reshape(node.inputs[1], grouped(sizes)),
                                    node.inputs[2], conv_options(node, node.name))};
}
Made depthwise_filter_gradient_of(const ExpandedNode& node) {
  const Numbers sizes = known_integers(node, 1, "filter_sizes");
  const Output gradient = nn::conv2d_backprop_filter(node.inputs[0], grouped(sizes), node.inputs[2],
                                                     conv_options(node, {}));
  return {reshape(gradient, sizes, {.name = node.name})};
}

// Whose padding is the convolution's; REFLECT leaves out the edge itself.
Output padded(const ExpandedNode& node, const Output& image, size_t paddings) {
  return pad(image, node.inputs[paddings], {.mode = node.attrs.get<std::string>("mode")});
}
Made pad_and_convolve_of(const ExpandedNode& node) {
  return {
      nn::conv2d(padded(node, node.inputs[0], 1), node.inputs[2], conv_options(node, node.name))};
}
Made resize_pad_and_convolve_of(const ExpandedNode& node) {
  const Output resized = image::resize_bilinear(
      node.inputs[0], node.inputs[1],
      {.align_corners = node.attrs.get_or<bool>("resize_align_corners", false)});
  return {nn::conv2d(padded(node, resized, 2), node.inputs[3], conv_options(node, node.name))};
}

// t, m, v, beta, gamma.
Made global_normalization_of(const ExpandedNode& node) {
  const std::vector<Output>& in = node.inputs;
  nn::BatchNormalizationOptions options = {
      .offset = in[3], .variance_epsilon = node.attrs.get<double>("variance_epsilon")};
  if (node.attrs.get<bool>("scale_after_normalization")) options.scale = in[4];
  const Output normal = nn::batch_normalization(in[0], in[1], in[2], options);
  return {identity(normal, {.name = node.name})};
}

Made max_pool_of(const ExpandedNode& node) {
  return {nn::max_pool(node.inputs[0],
                       {.ksize = known_integers(node, 1, "ksize"),
                        .strides = known_integers(node, 2, "strides"),
                        .padding = node.attrs.get<std::string>("padding"),
                        .data_format = node.attrs.get_or<std::string>("data_format", "NHWC"),
                        .name = node.name})};
}

// Blocks are squares in the oldest ones.
Numbers square_block(const ExpandedNode& node) {
  const auto size = node.attrs.get<int64_t>("block_size");
  return {size, size};
}
Made space_to_batch_of(const ExpandedNode& node) {
  return {
      space_to_batch_nd(node.inputs[0], square_block(node), node.inputs[1], {.name = node.name})};
}
Made batch_to_space_of(const ExpandedNode& node) {
  return {
      batch_to_space_nd(node.inputs[0], square_block(node), node.inputs[1], {.name = node.name})};
}

// x, h before, weights and biases of the two gates and of the candidate.
Made gru_cell_of(const ExpandedNode& node) {
  const std::vector<Output>& in = node.inputs;
  const Output &x = in[0], &before = in[1];
  const Output gates = sigmoid(matmul(concat({x, before}, 1), in[2]) + in[4]);
  const std::vector<Output> parts = split(gates, 2, {.axis = 1});
  const Output reset = identity(parts[0], {.name = node.name}), &update = parts[1];
  const Output candidate = tanh(matmul(concat({x, reset * before}, 1), in[3]) + in[5]);
  return {reset, update, candidate, update * before + (1 - update) * candidate};
}

// x, state and h before, weights, those of the peepholes by the state, bias.
Made lstm_cell_of(const ExpandedNode& node) {
  const std::vector<Output>& in = node.inputs;
  const Output &x = in[0], &state_before = in[1], &h_before = in[2];
  const bool peeks = node.attrs.get_or<bool>("use_peephole", false);
  const auto peek = [&](const Output& gate, const Output& state, size_t weights) {
    return peeks ? gate + state * in[weights] : gate;
  };
  const std::vector<Output> parts =
      split(matmul(concat({x, h_before}, 1), in[3]) + in[7], 4, {.axis = 1});
  const Output input_gate = sigmoid(peek(parts[0], state_before, 4), {.name = node.name});
  const Output candidate = tanh(parts[1]);
  const Output forget = peek(parts[2], state_before, 5);
  const Output forget_gate = sigmoid(forget + node.attrs.get_or<double>("forget_bias", 1));
  Output state = candidate * input_gate + state_before * forget_gate;
  const auto most = node.attrs.get_or<double>("cell_clip", 3);
  if (most > 0) state = minimum(maximum(state, -most), most);
  const Output output_gate = sigmoid(peek(parts[3], state, 6));
  const Output squashed = tanh(state);
  return {input_gate, state, forget_gate, output_gate, candidate, squashed, squashed * output_gate};
}

// Of a variable, when there are the indices: what these wait for has changed it.
Output value_of(const ExpandedNode& node) {
  const Context controls = enter_control_dependencies({node.inputs[1].op()});
  return add_output("ReadVariableOp", {node.inputs[0]},
                    {.attrs = {{"dtype", node.attrs.get<DType>("dtype")}}});
}
Made gather_of_variable(const ExpandedNode& node) {
  return {gather(value_of(node), node.inputs[1], {.name = node.name})};
}
Made gather_nd_of_variable(const ExpandedNode& node) {
  return {gather_nd(value_of(node), node.inputs[1], {.name = node.name})};
}

using OfSegments = Output (*)(Input, Input, Input, const OpOptions&);
template <OfSegments kMake>
Made of_segments(const ExpandedNode& node) {
  return {kMake(node.inputs[0], node.inputs[1], node.inputs[2], {.name = node.name})};
}

Made clip_of(const ExpandedNode& node) {
  return {maximum(minimum(node.inputs[0], node.inputs[2]), node.inputs[1], {.name = node.name})};
}
// What `made` gives, but 0 where `factor` is 0, whatever it is multiplied by there.
Made zero_where_zero(const ExpandedNode& node, const Output& factor, const Output& made) {
  const Output zero = zeros_like(factor);
  return {where(equal(factor, zero), zero, made, {.name = node.name})};
}
Made product_without_nan_of(const ExpandedNode& node) {
  return zero_where_zero(node, node.inputs[1], node.inputs[0] * node.inputs[1]);
}
Made quotient_of_zero_is_zero_of(const ExpandedNode& node) {
  return zero_where_zero(node, node.inputs[0], node.inputs[0] / node.inputs[1]);
}
Made product_with_log_of(const ExpandedNode& node) {
  return zero_where_zero(node, node.inputs[0], node.inputs[0] * log(node.inputs[1]));
}

constexpr std::array kLayerExpansions = {
    Expansion{"DepthwiseConv2dNativeBackpropInput",
              outputs_of_expansion<depthwise_input_gradient_of>, 3},
    Expansion{"DepthwiseConv2dNativeBackpropFilter",
              outputs_of_expansion<depthwise_filter_gradient_of>, 3},
    Expansion{"FusedPadConv2D", outputs_of_expansion<pad_and_convolve_of>, 3},
    Expansion{"FusedResizeAndPadConv2D", outputs_of_expansion<resize_pad_and_convolve_of>, 4},
    Expansion{"BatchNormWithGlobalNormalization", outputs_of_expansion<global_normalization_of>, 5},
    Expansion{"MaxPoolV2", outputs_of_expansion<max_pool_of>, 3},
    Expansion{"SpaceToBatch", outputs_of_expansion<space_to_batch_of>, 2},
    Expansion{"BatchToSpace", outputs_of_expansion<batch_to_space_of>, 2},
    Expansion{"GRUBlockCell", outputs_of_expansion<gru_cell_of>, 6, {"r", "u", "c", "h"}},
    Expansion{"LSTMBlockCell",
              outputs_of_expansion<lstm_cell_of>,
              8,
              {"i", "cs", "f", "o", "ci", "co", "h"}},
    Expansion{"ResourceGather", outputs_of_expansion<gather_of_variable>, 2},
    Expansion{"ResourceGatherNd", outputs_of_expansion<gather_nd_of_variable>, 2},
    Expansion{"SparseSegmentSum", outputs_of_expansion<of_segments<sparse_segment_sum>>, 3},
    Expansion{"SparseSegmentMean", outputs_of_expansion<of_segments<sparse_segment_mean>>, 3},
    Expansion{"SparseSegmentSqrtN", outputs_of_expansion<of_segments<sparse_segment_sqrt_n>>, 3},
    Expansion{"ClipByValue", outputs_of_expansion<clip_of>, 3},
    Expansion{"MulNoNan", outputs_of_expansion<product_without_nan_of>, 2},
    Expansion{"Xdivy", outputs_of_expansion<quotient_of_zero_is_zero_of>, 2},
    Expansion{"Xlogy", outputs_of_expansion<product_with_log_of>, 2},
};

}  // namespace

std::span<const Expansion> layer_expansions() { return kLayerExpansions; }

}  // namespace tenon::internal
