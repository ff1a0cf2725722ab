#include "core/import/expansions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/import/known_inputs.h"
#include "core/import/quantized.h"
#include "tenon/audio_ops.h"
#include "tenon/check_ops.h"
#include "tenon/image_ops.h"
#include "tenon/nn.h"
#include "tenon/ops.h"

namespace tenon::internal {

namespace {

std::optional<Sides> known_pairs(const ExpandedNode& node, size_t input) {
  const auto all = integers_if_known(node, input);
  if (!all) return std::nullopt;
  Sides pairs;
  for (size_t i = 0; i + 1 < all->size(); i += 2) pairs.emplace_back((*all)[i], (*all)[i + 1]);
  return pairs;
}

BlockOptions block_options(const ExpandedNode& node) {
  return {.data_format = node.attrs.get_or<std::string>("data_format", "NHWC"), .name = node.name};
}

std::vector<Output> depth_to_space_of(const ExpandedNode& node) {
  const auto block = node.attrs.get<int64_t>("block_size");
  return {depth_to_space(node.inputs[0], block, block_options(node))};
}
std::vector<Output> space_to_depth_of(const ExpandedNode& node) {
  const auto block = node.attrs.get<int64_t>("block_size");
  return {space_to_depth(node.inputs[0], block, block_options(node))};
}
std::vector<Output> space_to_batch_of(const ExpandedNode& node) {
  const std::vector<int64_t> block = known_integers(node, 1, "block_shape");
  if (const auto sides = known_pairs(node, 2)) {
    return {space_to_batch_nd(node.inputs[0], block, *sides, {.name = node.name})};
  }
  return {space_to_batch_nd(node.inputs[0], block, node.inputs[2], {.name = node.name})};
}
std::vector<Output> batch_to_space_of(const ExpandedNode& node) {
  const std::vector<int64_t> block = known_integers(node, 1, "block_shape");
  if (const auto sides = known_pairs(node, 2)) {
    return {batch_to_space_nd(node.inputs[0], block, *sides, {.name = node.name})};
  }
  return {batch_to_space_nd(node.inputs[0], block, node.inputs[2], {.name = node.name})};
}

std::vector<Output> dynamic_stitch_of(const ExpandedNode& node) {
  const auto half = static_cast<std::ptrdiff_t>(node.inputs.size() / 2);
  const std::vector<Output> indices(node.inputs.begin(), node.inputs.begin() + half);
  const std::vector<Output> data(node.inputs.begin() + half, node.inputs.end());
  return {dynamic_stitch(indices, data, {.name = node.name})};
}

std::vector<Output> depthwise_of(const ExpandedNode& node) {
  using Numbers = std::vector<int64_t>;
  return {
      nn::depthwise_conv2d(node.inputs[0], node.inputs[1],
                           {.strides = node.attrs.get<Numbers>("strides"),
                            .padding = node.attrs.get<std::string>("padding"),
                            .dilations = node.attrs.get_or<Numbers>("dilations", {1, 1, 1, 1}),
                            .data_format = node.attrs.get_or<std::string>("data_format", "NHWC"),
                            .name = node.name})};
}

// Of all three versions: y, mean and variance, and what only their gradient asks for.
std::vector<Output> batch_norm_of(const ExpandedNode& node) {
  nn::FusedBatchNormOptions options = {
      .epsilon = node.attrs.get_or<double>("epsilon", 1e-4),
      .data_format = node.attrs.get_or<std::string>("data_format", "NHWC"),
      .is_training = node.attrs.get_or<bool>("is_training", true),
      .exponential_avg_factor = node.attrs.get_or<double>("exponential_avg_factor", 1),
      .name = node.name};
  if (!options.is_training || options.exponential_avg_factor != 1) {
    options.mean = node.inputs[3];
    options.variance = node.inputs[4];
  }
  const nn::FusedBatchNorm made =
      nn::fused_batch_norm(node.inputs[0], node.inputs[1], node.inputs[2], options);
  return {made.y, made.mean, made.variance, made.mean, made.variance, made.variance};
}

std::vector<Output> crop_and_resize_of(const ExpandedNode& node) {
  const auto outside = node.attrs.get_or<double>("extrapolation_value", 0);
  return {image::crop_and_resize(node.inputs[0], node.inputs[1], node.inputs[2], node.inputs[3],
                                 {.method = node.attrs.get_or<std::string>("method", "bilinear"),
                                  .extrapolation_value = static_cast<float>(outside),
                                  .name = node.name})};
}

// Of all versions: the first has its threshold as an attribute, the second as an input, the third
// another one for scores.
Output suppression_of(const ExpandedNode& node, const std::string& name) {
  const std::vector<Output>& in = node.inputs;
  image::SuppressionOptions options = {.name = name};
  if (in.size() > 3) {
    options.iou_threshold = cast(in[3], float32);
  } else {
    options.iou_threshold = static_cast<float>(node.attrs.get_or<double>("iou_threshold", 0.5));
  }
  if (in.size() > 4) options.score_threshold = cast(in[4], float32);
  return image::non_max_suppression(cast(in[0], float32), cast(in[1], float32), in[2], options);
}
std::vector<Output> non_max_suppression_of(const ExpandedNode& node) {
  return {suppression_of(node, node.name)};
}
// With the number of those that are left, behind which zeros may stand.
std::vector<Output> padded_suppression_of(const ExpandedNode& node) {
  const bool pads = node.attrs.get_or<bool>("pad_to_max_output_size", false);
  const Output left = suppression_of(node, pads ? std::string() : node.name);
  const Output count = size(left);
  if (!pads) return {left, count};
  const Output behind = reshape(stack({Input(0), Input(node.inputs[2] - count)}), {1, 2});
  return {pad(left, behind, {.name = node.name}), count};
}

// The oldest arrays are read and filled as a whole.
std::vector<Output> array_pack_of(const ExpandedNode& node) {
  const Output &handle = node.inputs[0], &flow = node.inputs[1];
  const Shape element = node.attrs.get_or<Shape>("element_shape", Shape::unknown());
  return {add_output(
      "TensorArrayGatherV3", {handle, range(add_output("TensorArraySizeV3", {handle, flow})), flow},
      {.name = node.name,
       .attrs = {{"dtype", node.attrs.get<DType>("dtype")}, {"element_shape", element}}})};
}
std::vector<Output> array_unpack_of(const ExpandedNode& node) {
  const Output &handle = node.inputs[0], &value = node.inputs[1], &flow = node.inputs[2];
  return {add_output("TensorArrayScatterV3", {handle, range(shape(value)[0]), value, flow},
                     {.name = node.name})};
}

std::vector<Output> decode_wav_of(const ExpandedNode& node) {
  const audio::Wav wav = audio::decode_wav(
      node.inputs[0], {.desired_channels = node.attrs.get_or<int64_t>("desired_channels", -1),
                       .desired_samples = node.attrs.get_or<int64_t>("desired_samples", -1),
                       .name = node.name});
  return {wav.audio, wav.sample_rate};
}

// The data of both is shown as texts, which other operations make.
Inputs data_of(const ExpandedNode& node) {
  std::vector<Input> data;
  for (size_t i = 1; i < node.inputs.size(); ++i) data.emplace_back(node.inputs[i], Location{});
  return Inputs(data);
}
Expanded assert_of(const ExpandedNode& node) {
  return {Assert(node.inputs[0], data_of(node),
                 {.summarize = node.attrs.get_or<int64_t>("summarize", 3), .name = node.name})};
}
std::vector<Output> print_of(const ExpandedNode& node) {
  return {Print(node.inputs[0], data_of(node),
                {.message = node.attrs.get_or<std::string>("message", ""),
                 .first_n = node.attrs.get_or<int64_t>("first_n", -1),
                 .summarize = node.attrs.get_or<int64_t>("summarize", 3),
                 .name = node.name})};
}

constexpr Expansion::Names kBatchNormOutputs = {
    "y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"};

constexpr std::array kExpansions = {
    Expansion{"Assert", assert_of},
    Expansion{"Print", outputs_of_expansion<print_of>},
    Expansion{"DepthToSpace", outputs_of_expansion<depth_to_space_of>},
    Expansion{"SpaceToDepth", outputs_of_expansion<space_to_depth_of>},
    Expansion{"SpaceToBatchND", outputs_of_expansion<space_to_batch_of>, 3},
    Expansion{"BatchToSpaceND", outputs_of_expansion<batch_to_space_of>, 3},
    Expansion{"DynamicStitch", outputs_of_expansion<dynamic_stitch_of>, 2},
    Expansion{"ParallelDynamicStitch", outputs_of_expansion<dynamic_stitch_of>, 2},
    Expansion{"DepthwiseConv2dNative", outputs_of_expansion<depthwise_of>, 2},
    Expansion{"FusedBatchNorm", outputs_of_expansion<batch_norm_of>, 5, kBatchNormOutputs},
    Expansion{"FusedBatchNormV2", outputs_of_expansion<batch_norm_of>, 5, kBatchNormOutputs},
    Expansion{"FusedBatchNormV3", outputs_of_expansion<batch_norm_of>, 5, kBatchNormOutputs},
    Expansion{"CropAndResize", outputs_of_expansion<crop_and_resize_of>, 4},
    Expansion{"NonMaxSuppression", outputs_of_expansion<non_max_suppression_of>, 3},
    Expansion{"NonMaxSuppressionV2", outputs_of_expansion<non_max_suppression_of>, 4},
    Expansion{"NonMaxSuppressionV3", outputs_of_expansion<non_max_suppression_of>, 5},
    Expansion{"NonMaxSuppressionV4",
              outputs_of_expansion<padded_suppression_of>,
              5,
              {"selected_indices", "valid_outputs"}},
    Expansion{"TensorArrayPack", outputs_of_expansion<array_pack_of>, 2},
    Expansion{"TensorArrayUnpack", outputs_of_expansion<array_unpack_of>, 3},
    Expansion{"FakeQuantWithMinMaxArgs", outputs_of_expansion<fake_quant_of>},
    Expansion{"FakeQuantWithMinMaxVars", outputs_of_expansion<fake_quant_of>, 3},
    Expansion{"FakeQuantWithMinMaxVarsPerChannel", outputs_of_expansion<fake_quant_of>, 3},
    Expansion{"Dequantize", outputs_of_expansion<dequantize_of>, 3},
    Expansion{"DecodeWav", outputs_of_expansion<decode_wav_of>, 1, {"audio", "sample_rate"}},
};

}  // namespace

int Expansion::place_of(std::string_view output) const {
  const auto at = std::find(outputs.begin(), outputs.end(), output);
  return at == outputs.end() ? 0 : static_cast<int>(at - outputs.begin());
}

const Expansion* expansion_of(std::string_view type) {
  for (const std::span<const Expansion> all :
       {std::span<const Expansion>(kExpansions), array_expansions(), layer_expansions()}) {
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&](const Expansion& one) { return one.type == type; });
    if (at != all.end()) return &*at;
  }
  return nullptr;
}

}  // namespace tenon::internal
