// Operations on arrays that the public functions of the same name make.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/import/expansions.h"
#include "core/import/known_inputs.h"
#include "tenon/arrange_ops.h"
#include "tenon/array_ops.h"
#include "tenon/index_ops.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tenon/random_ops.h"
#include "tenon/sparse_ops.h"

namespace tenon::internal {
namespace {

using Made = std::vector<Output>;
using Two = Output (*)(Input, Input, const OpOptions&);
using One = Output (*)(Input, const OpOptions&);

template <One kMake>
Made of_one(const ExpandedNode& node) {
  return {kMake(node.inputs[0], {.name = node.name})};
}
template <Two kMake>
Made of_two(const ExpandedNode& node) {
  return {kMake(node.inputs[0], node.inputs[1], {.name = node.name})};
}

// Inputs from one on; those are as many as the file says.
Inputs inputs_from(const ExpandedNode& node, size_t first) {
  std::vector<Input> inputs;
  for (size_t i = first; i < node.inputs.size(); ++i) {
    inputs.emplace_back(node.inputs[i], Location{});
  }
  return Inputs(inputs);
}

std::optional<int64_t> seed_of(const ExpandedNode& node) {
  const auto seed = node.attrs.get_or<int64_t>("seed", 0);
  const auto other = node.attrs.get_or<int64_t>("seed2", 0);
  if (seed == 0 && other == 0) return std::nullopt;
  return other == 0 ? seed : other;
}

Made scatter_nd_of(const ExpandedNode& node) {
  return {scatter_nd(node.inputs[0], node.inputs[1], node.inputs[2], {.name = node.name})};
}
Made reverse_of(const ExpandedNode& node) {
  return {reverse(node.inputs[0], known_integers(node, 1, "axis"), {.name = node.name})};
}
Made reverse_sequence_of(const ExpandedNode& node) {
  return {reverse_sequence(node.inputs[0], node.inputs[1],
                           {.seq_axis = node.attrs.get<int64_t>("seq_dim"),
                            .batch_axis = node.attrs.get_or<int64_t>("batch_dim", 0),
                            .name = node.name})};
}
Made lrn_of(const ExpandedNode& node) {
  return {nn::local_response_normalization(
      node.inputs[0], {.depth_radius = node.attrs.get_or<int64_t>("depth_radius", 5),
                       .bias = node.attrs.get_or<double>("bias", 1),
                       .alpha = node.attrs.get_or<double>("alpha", 1),
                       .beta = node.attrs.get_or<double>("beta", 0.5),
                       .name = node.name})};
}
Made einsum_of(const ExpandedNode& node) {
  return {
      einsum(node.attrs.get<std::string>("equation"), inputs_from(node, 0), {.name = node.name})};
}
Made dynamic_partition_of(const ExpandedNode& node) {
  return dynamic_partition(node.inputs[0], node.inputs[1],
                           node.attrs.get<int64_t>("num_partitions"), {.name = node.name});
}
Made matrix_band_part_of(const ExpandedNode& node) {
  return {matrix_band_part(node.inputs[0], known_integer(node, 1, "num_lower"),
                           known_integer(node, 2, "num_upper"), {.name = node.name})};
}
Made in_top_k_of(const ExpandedNode& node) {
  const Input k = node.inputs.size() > 2
                      ? Input(node.inputs[2])
                      : Input(static_cast<int32_t>(node.attrs.get<int64_t>("k")));
  return {nn::in_top_k(node.inputs[0], node.inputs[1], k, {.name = node.name})};
}
Made top_k_of(const ExpandedNode& node) {
  const nn::TopK best = nn::top_k(
      node.inputs[0],
      {.k = Input(static_cast<int32_t>(node.attrs.get<int64_t>("k"))), .name = node.name});
  return {best.values, best.indices};
}
Made multinomial_of(const ExpandedNode& node) {
  return {multinomial(node.inputs[0], known_integer(node, 1, "num_samples"),
                      {.seed = seed_of(node),
                       .output_dtype = node.attrs.get_or<DType>("output_dtype", int64),
                       .name = node.name})};
}
Made random_shuffle_of(const ExpandedNode& node) {
  return {random_shuffle(node.inputs[0], {.seed = seed_of(node), .name = node.name})};
}
// The axis stands first in the oldest one.
Made concat_of(const ExpandedNode& node) {
  return {concat(inputs_from(node, 1), node.inputs[0], {.name = node.name})};
}
Made unique_with_counts_of(const ExpandedNode& node) {
  const UniqueWithCounts found = unique_with_counts(
      node.inputs[0], {.out_idx = node.attrs.get_or<DType>("out_idx", int32), .name = node.name});
  return {found.y, found.idx, found.count};
}
Made sparse_to_dense_of(const ExpandedNode& node) {
  return {sparse_to_dense(node.inputs[0], node.inputs[1], node.inputs[2],
                          {.default_value = node.inputs[3],
                           .validate_indices = node.attrs.get_or<bool>("validate_indices", true),
                           .name = node.name})};
}
Made linspace_of(const ExpandedNode& node) {
  const Output &start = node.inputs[0], &stop = node.inputs[1];
  const Output count = cast(node.inputs[2], int32);
  const Output steps = cast(maximum(count - 1, 1), start.dtype());
  const Output along = cast(range(count), start.dtype()) * ((stop - start) / steps);
  return {add(start, along, {.name = node.name})};
}
Made tan_of(const ExpandedNode& node) {
  return {divide(sin(node.inputs[0]), cos(node.inputs[0]), {.name = node.name})};
}
// Where each tensor begins in what they are put together to, from their shapes.
Made concat_offset_of(const ExpandedNode& node) {
  const Output along = equal(range(size(node.inputs[1])), node.inputs[0]);
  Output begin = zeros_like(node.inputs[1]);
  Made offsets;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    offsets.push_back(identity(begin, i == 1 ? OpOptions{.name = node.name} : OpOptions()));
    begin = begin + where(along, node.inputs[i], zeros_like(node.inputs[i]));
  }
  return offsets;
}

// Of a normalization in a training, from the batch itself; else by the mean and variance given.
Made batch_norm_gradient_of(const ExpandedNode& node) {
  require<UnimplementedError>(node.attrs.get_or<std::string>("data_format", "NHWC") == "NHWC",
                              ErrorKind::no_kernel, "Node '", node.name,
                              "': the gradient of a batch normalization of NCHW images");
  const Output &dy = node.inputs[0], &x = node.inputs[1], &scale = node.inputs[2];
  const bool trains = node.attrs.get_or<bool>("is_training", true);
  const Axes pixels = {0, 1, 2};
  nn::Moments by = {node.inputs[3], node.inputs[4]};
  if (trains) by = nn::moments(x, pixels);
  const Output inverse = rsqrt(by.variance + node.attrs.get_or<double>("epsilon", 1e-4));
  const Output normal = (x - by.mean) * inverse;
  const Output d_scale = reduce_sum(dy * normal, {.axis = pixels});
  const Output d_offset = reduce_sum(dy, {.axis = pixels});
  Output inside = dy;
  if (trains) {
    const Output count = cast(size(x), x.dtype()) / cast(size(scale), x.dtype());
    inside = dy - (d_offset + normal * d_scale) / count;
  }
  const Output dx = multiply(inside, scale * inverse, {.name = node.name});
  const Output none = zeros({0}, scale.dtype());
  return {dx, d_scale, d_offset, none, none};
}

constexpr Expansion::Names kGradientOutputs = {"x_backprop", "scale_backprop", "offset_backprop",
                                               "reserve_space_3", "reserve_space_4"};

constexpr std::array kArrayExpansions = {
    Expansion{"GatherNd", outputs_of_expansion<of_two<gather_nd>>, 2},
    Expansion{"ScatterNd", outputs_of_expansion<scatter_nd_of>, 3},
    Expansion{"ReverseV2", outputs_of_expansion<reverse_of>, 2},
    Expansion{"ReverseSequence", outputs_of_expansion<reverse_sequence_of>, 2},
    Expansion{"LRN", outputs_of_expansion<lrn_of>},
    Expansion{"Einsum", outputs_of_expansion<einsum_of>},
    Expansion{"DynamicPartition", outputs_of_expansion<dynamic_partition_of>, 2},
    Expansion{"SegmentSum", outputs_of_expansion<of_two<segment_sum>>, 2},
    Expansion{"SegmentMean", outputs_of_expansion<of_two<segment_mean>>, 2},
    Expansion{"SegmentMax", outputs_of_expansion<of_two<segment_max>>, 2},
    Expansion{"SegmentMin", outputs_of_expansion<of_two<segment_min>>, 2},
    Expansion{"SegmentProd", outputs_of_expansion<of_two<segment_prod>>, 2},
    Expansion{"MatrixBandPart", outputs_of_expansion<matrix_band_part_of>, 3},
    Expansion{"Diag", outputs_of_expansion<of_one<diag>>},
    Expansion{"DiagPart", outputs_of_expansion<of_one<diag_part>>},
    Expansion{"InTopK", outputs_of_expansion<in_top_k_of>, 2},
    Expansion{"InTopKV2", outputs_of_expansion<in_top_k_of>, 3},
    Expansion{"TopK", outputs_of_expansion<top_k_of>, 1, {"values", "indices"}},
    Expansion{"Multinomial", outputs_of_expansion<multinomial_of>, 2},
    Expansion{"RandomShuffle", outputs_of_expansion<random_shuffle_of>},
    Expansion{"Concat", outputs_of_expansion<concat_of>, 2},
    Expansion{
        "UniqueWithCounts", outputs_of_expansion<unique_with_counts_of>, 1, {"y", "idx", "count"}},
    Expansion{"SparseToDense", outputs_of_expansion<sparse_to_dense_of>, 4},
    Expansion{"LinSpace", outputs_of_expansion<linspace_of>, 3},
    Expansion{"Tan", outputs_of_expansion<tan_of>},
    Expansion{"ConcatOffset", outputs_of_expansion<concat_offset_of>, 2},
    Expansion{"FusedBatchNormGrad", outputs_of_expansion<batch_norm_gradient_of>, 5,
              kGradientOutputs},
    Expansion{"FusedBatchNormGradV2", outputs_of_expansion<batch_norm_gradient_of>, 5,
              kGradientOutputs},
    Expansion{"FusedBatchNormGradV3", outputs_of_expansion<batch_norm_gradient_of>, 5,
              kGradientOutputs},
};

}  // namespace

std::span<const Expansion> array_expansions() { return kArrayExpansions; }

}  // namespace tenon::internal
