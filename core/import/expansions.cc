#include "core/import/expansions.h"

#include <array>
#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/graph/static_value.h"
#include "tenon/nn.h"
#include "tenon/ops.h"

namespace tenon::internal {

namespace {

// A vector of integers that the graph must know.
std::vector<int64_t> known_integers(const ExpandedNode& node, size_t input, const char* what) {
  const Output& output = node.inputs[input];
  const Tensor value = constant_value({output.op().node(), output.index()});
  require<UnimplementedError>(static_cast<bool>(value), ErrorKind::no_kernel, "Node '", node.name,
                              "': its ", what, " must be a constant");
  std::vector<int64_t> integers;
  for (int64_t i = 0; i < value.element_count(); ++i) {
    const auto at = static_cast<size_t>(i);
    integers.push_back(value.dtype() == int64 ? value.data<int64_t>()[at]
                                              : value.data<int32_t>()[at]);
  }
  return integers;
}

std::vector<std::pair<int64_t, int64_t>> known_pairs(const ExpandedNode& node, size_t input,
                                                     const char* what) {
  const std::vector<int64_t> all = known_integers(node, input, what);
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (size_t i = 0; i + 1 < all.size(); i += 2) pairs.emplace_back(all[i], all[i + 1]);
  return pairs;
}

BlockOptions block_options(const ExpandedNode& node) {
  return {.data_format = node.attrs.get_or<std::string>("data_format", "NHWC"), .name = node.name};
}

std::vector<Output> depth_to_space_of(const ExpandedNode& node) {
  const auto block = node.attrs.get<int64_t>("block_size");
  return {depth_to_space(node.inputs.at(0), block, block_options(node))};
}
std::vector<Output> space_to_depth_of(const ExpandedNode& node) {
  const auto block = node.attrs.get<int64_t>("block_size");
  return {space_to_depth(node.inputs.at(0), block, block_options(node))};
}
std::vector<Output> space_to_batch_of(const ExpandedNode& node) {
  return {space_to_batch_nd(node.inputs.at(0), known_integers(node, 1, "block_shape"),
                            known_pairs(node, 2, "paddings"), {.name = node.name})};
}
std::vector<Output> batch_to_space_of(const ExpandedNode& node) {
  return {batch_to_space_nd(node.inputs.at(0), known_integers(node, 1, "block_shape"),
                            known_pairs(node, 2, "crops"), {.name = node.name})};
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
      nn::depthwise_conv2d(node.inputs.at(0), node.inputs.at(1),
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
    options.mean = node.inputs.at(3);
    options.variance = node.inputs.at(4);
  }
  const nn::FusedBatchNorm made =
      nn::fused_batch_norm(node.inputs.at(0), node.inputs.at(1), node.inputs.at(2), options);
  return {made.y, made.mean, made.variance, made.mean, made.variance, made.variance};
}

struct Row {
  std::string_view type;
  Expansion expansion;
};

constexpr std::array kExpansions = {
    Row{"DepthToSpace", depth_to_space_of},   Row{"SpaceToDepth", space_to_depth_of},
    Row{"SpaceToBatchND", space_to_batch_of}, Row{"BatchToSpaceND", batch_to_space_of},
    Row{"DynamicStitch", dynamic_stitch_of},  Row{"DepthwiseConv2dNative", depthwise_of},
    Row{"FusedBatchNorm", batch_norm_of},     Row{"FusedBatchNormV2", batch_norm_of},
    Row{"FusedBatchNormV3", batch_norm_of},
};

}  // namespace

Expansion expansion_of(std::string_view type) {
  for (const Row& row : kExpansions) {
    if (row.type == type) return row.expansion;
  }
  return nullptr;
}

}  // namespace tenon::internal
