// Functions made of other operations: moments, batch normalization, dropout, clipping.

#include "core/base/check.h"
#include "core/graph/shape_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/nn.h"
#include "tenon/ops.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_nn_normalize(OpRegistry&) {}

namespace {

Integers noise_shape_of(const Output& x, const std::vector<int64_t>& sizes) {
  if (sizes.empty()) return shape_argument(x);
  std::vector<Input> parts;
  for (size_t i = 0; i < sizes.size(); ++i) {
    parts.push_back(sizes[i] < 0 ? size_along(x, static_cast<int>(i)) : Input(sizes[i]));
  }
  return integers_of(parts);
}

}  // namespace

}  // namespace internal

using internal::as_output;
using internal::OpScope;
using internal::require;

nn::Moments nn::moments(Input x, const Axes& axes, const MomentsOptions& options) {
  const OpScope scope(options.name, "moments", {x});
  const Output y = as_output(x, "x");
  const Output mean = reduce_mean(y, {.axis = axes, .keepdims = true, .name = "mean"});
  const Output deviation = squared_difference(y, stop_gradient(mean));
  const Output variance =
      reduce_mean(deviation, {.axis = axes, .keepdims = true, .name = "variance"});
  if (options.keepdims) return {mean, variance};
  return {squeeze(mean, {.axis = axes}), squeeze(variance, {.axis = axes})};
}

Output nn::batch_normalization(Input x, Input mean, Input variance,
                               const BatchNormalizationOptions& options) {
  std::vector<Input> inputs = {x, mean, variance};
  if (options.scale) inputs.push_back(*options.scale);
  if (options.offset) inputs.push_back(*options.offset);
  const OpScope scope(options.name, "batchnorm", inputs);
  const Output y = as_output(x, "x");
  const auto beside = [&](const Input& input, const char* name) {
    return as_output(input, name, input.is_weak() ? y.dtype() : DType::invalid);
  };
  const Output m = beside(mean, "mean"), v = beside(variance, "variance");
  Output inverse = rsqrt(add(v, options.variance_epsilon, {.name = "add"}));
  if (options.scale) inverse = inverse * beside(*options.scale, "scale");
  const Output shift =
      options.offset ? beside(*options.offset, "offset") - m * inverse : -m * inverse;
  return y * inverse + shift;
}

Output nn::dropout(Input x, const DropoutOptions& options) {
  require<ValueError>(
      options.rate >= 0 && options.rate < 1, ErrorKind::bad_argument,
      "`rate` must be a scalar tensor or a float in the range [0, 1). Received: ", options.rate);
  const OpScope scope(options.name, "dropout", {x});
  const Output y = as_output(x, "x");
  require<ValueError>(
      is_floating(y.dtype()), ErrorKind::bad_argument,
      "`x.dtype` must be a floating point tensor as `x` will be scaled. Received: ", y.dtype());
  if (options.rate == 0) return y;
  const Output scaled = y * (1 / (1 - options.rate));
  const Integers noise_shape = internal::noise_shape_of(y, options.noise_shape);
  const Output noise = random_uniform(noise_shape, {.dtype = y.dtype(), .seed = options.seed});
  return internal::add_output("SelectV2", {greater_equal(noise, options.rate), scaled, Input(0)},
                              {.name = scope.name()});
}

Output clip_by_value(Input t, Input clip_value_min, Input clip_value_max,
                     const OpOptions& options) {
  const OpScope scope(options.name, "clip_by_value", {t, clip_value_min, clip_value_max});
  const Output x = as_output(t, "t");
  const Output below = minimum(x, clip_value_max);
  x.shape().merged_with(below.shape());
  const Output result = maximum(below, clip_value_min, {.name = scope.name()});
  x.shape().merged_with(result.shape());
  return result;
}

Output clip_by_average_norm(Input t, Input clip_norm, const OpOptions& options) {
  const OpScope scope(options.name, "clip_by_average_norm", {t, clip_norm});
  const Output x = as_output(t, "t");
  const Output bound =
      as_output(clip_norm, "clip_norm", clip_norm.is_weak() ? x.dtype() : DType::invalid);
  const Output inverse = rsqrt(reduce_sum(x * x)) * cast(size(x), x.dtype());
  return identity(x * bound * minimum(inverse, 1.0 / bound), {.name = scope.name()});
}

namespace {

// A gradient of gathered rows stays one: what is clipped is its rows, as in TensorFlow, where rows
// that occur more than once count one by one.
bool is_sparse(const Output& tensor) { return tensor.op().type() == "_IndexedSlices"; }
Output rows_of(const Output& tensor) { return is_sparse(tensor) ? tensor.op().input(0) : tensor; }
Output with_rows(const Output& tensor, const Output& rows) {
  if (!is_sparse(tensor)) return rows;
  return internal::sparse_like(tensor, rows, tensor.op().input(1));
}

}  // namespace

Output clip_by_norm(Input t, Input clip_norm, const ClipByNormOptions& options) {
  const OpScope scope(options.name, "clip_by_norm", {t, clip_norm});
  const Output given = as_output(t, "t"), x = rows_of(given);
  const Output squares = reduce_sum(x * x, {.axis = options.axes, .keepdims = true});
  // The gradient of the root at 0 would be infinite.
  const Output positive = greater(squares, 0);
  const Output safe = internal::add_output("SelectV2", {positive, squares, ones_like(squares)});
  const Output norm = internal::add_output("SelectV2", {positive, sqrt(safe), squares});
  const Output bound =
      as_output(clip_norm, "clip_norm", clip_norm.is_weak() ? x.dtype() : DType::invalid);
  return with_rows(given, identity(x * bound / maximum(norm, bound), {.name = scope.name()}));
}

Output global_norm(const Inputs& tensors, const OpOptions& options, Location where) {
  const internal::CallerLine line(where);
  std::vector<Input> present;
  for (const Output& tensor : internal::as_outputs(tensors)) {
    if (tensor) present.emplace_back(rows_of(tensor));
  }
  require<ValueError>(!present.empty(), ErrorKind::bad_argument,
                      "global_norm needs at least one tensor");
  const OpScope scope(options.name, "global_norm", present);
  std::vector<Input> halves;
  for (const Input& tensor : present) halves.emplace_back(nn::l2_loss(tensor));
  const Output half = reduce_sum(stack(halves));
  return sqrt(half * 2.0, {.name = "global_norm"});
}

ClippedByGlobalNorm clip_by_global_norm(const Inputs& inputs, Input clip_norm,
                                        const ClipByGlobalNormOptions& options) {
  const internal::CallerLine line(clip_norm.where());
  const std::vector<Output> tensors = internal::as_outputs(inputs);
  const Output norm = options.use_norm ? as_output(*options.use_norm) : global_norm(tensors);
  const OpScope scope(options.name, "clip_by_global_norm", {norm});
  const Output bound =
      as_output(clip_norm, "clip_norm", clip_norm.is_weak() ? norm.dtype() : DType::invalid);
  const Output scale_for_finite = bound * minimum(1.0 / norm, 1.0 / bound);
  // An infinite norm makes everything NaN, as in TensorFlow: nothing sensible is left.
  const Output scale = scale_for_finite + (norm - norm);
  ClippedByGlobalNorm result{.tensors = {}, .global_norm = norm};
  for (const Output& tensor : tensors) {
    result.tensors.push_back(tensor ? with_rows(tensor, identity(rows_of(tensor) * scale))
                                    : Output());
  }
  return result;
}

}  // namespace tenon
