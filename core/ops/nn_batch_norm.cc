// Functions made of other operations: batch normalization of images, statistics, l2_normalize.

#include <algorithm>

#include "core/base/check.h"
#include "core/graph/shape_rules.h"
#include "core/graph/size_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/nn.h"
#include "tenon/ops.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_nn_batch_norm(OpRegistry&) {}

namespace {

bool is_half(DType dtype) { return dtype == float16 || dtype == bfloat16; }

// Statistics of an image, or what it is normalized by: vectors over its channels.
class ChannelVectors {
 public:
  ChannelVectors(const Output& image, bool first)
      : image_(image), shape_(with_rank(image.shape(), 4, "x")), first_(first) {}

  Axes axes() const { return first_ ? Axes{0, 2, 3} : Axes{0, 1, 2}; }
  // The argument as a vector of the image's channels.
  Output vector(const Input& input, const char* name) const {
    const DType dtype = is_half(image_.dtype()) ? float32 : image_.dtype();
    const Output given = as_output(input, name, input.is_weak() ? dtype : DType::invalid);
    const Shape shape = with_rank(given.shape(), 1, name);
    require<ValueError>(shape.compatible_with(Shape{channels()}), ErrorKind::shape_incompatible,
                        name, " has shape ", shape, ", but the image ", shape_, " has ", channels(),
                        " channels");
    return given;
  }
  // Beside the image, where its channels come first.
  Output placed(const Output& vector) const {
    return first_ ? reshape(vector, {1, -1, 1, 1}) : vector;
  }
  // How many pixels each channel has, as a number of that dtype.
  Output pixels(DType dtype) const {
    int64_t count = 1;
    for (const int axis : {0, first_ ? 2 : 1, first_ ? 3 : 2}) {
      count = shape_[axis] < 0 || count < 0 ? kUnknown : multiply_sizes(count, shape_[axis]);
    }
    if (count >= 0) return as_output(static_cast<double>(count), "pixels", dtype);
    const Output sizes = gather(tenon::shape(image_, {.out_type = int64}),
                                first_ ? Input({0, 2, 3}) : Input({0, 1, 2}));
    return cast(reduce_prod(sizes), dtype);
  }

 private:
  int64_t channels() const { return shape_[first_ ? 1 : 3]; }

  Output image_;
  Shape shape_;
  bool first_;
};

// How many elements are reduced to one, as a number of the tensor's dtype.
Output count_along(const Output& x, const Axes& axes) {
  const Shape shape = x.shape();
  const auto counted = [&](const Output& sizes) {
    return cast(reduce_prod(sizes), x.dtype(), {.name = "count"});
  };
  if (!shape.has_rank()) {
    const Output sizes = tenon::shape(x, {.out_type = int64});
    if (!axes.given()) return counted(sizes);
    return counted(gather(
        sizes, Tensor::from<int64_t>(axes.list(), {static_cast<int64_t>(axes.list().size())})));
  }
  std::vector<Input> sizes;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool named =
        !axes.given() || std::any_of(axes.list().begin(), axes.list().end(), [&](int64_t other) {
          return resolve_axis(other, shape.rank()) == axis;
        });
    if (named) sizes.push_back(size_along(x, axis));
  }
  int64_t count = 1;
  for (const Input& size : sizes) {
    if (size.is_output()) return counted(integers_of(sizes).as_input().output());
    count = multiply_sizes(count, size.value().scalar<int64_t>());
  }
  return as_output(static_cast<double>(count), "count", x.dtype());
}

}  // namespace
}  // namespace internal

using internal::as_output;
using internal::OpScope;
using internal::require;

nn::FusedBatchNorm nn::fused_batch_norm(Input x, Input scale, Input offset,
                                        const FusedBatchNormOptions& options) {
  const bool first = options.data_format == "NCHW";
  require<ValueError>(first || options.data_format == "NHWC", ErrorKind::bad_argument,
                      "data_format must be NHWC or NCHW, not ", options.data_format);
  const double factor = options.exponential_avg_factor;
  require<ValueError>(options.is_training || (options.mean && options.variance),
                      ErrorKind::bad_argument,
                      "Both `mean` and `variance` must be given where is_training is false");
  require<ValueError>(!options.is_training || factor == 1 || (options.mean && options.variance),
                      ErrorKind::bad_argument, "Both `mean` and `variance` must be given where ",
                      "exponential_avg_factor is not 1");
  std::vector<Input> all = {x, scale, offset};
  if (options.mean) all.push_back(*options.mean);
  if (options.variance) all.push_back(*options.variance);
  const OpScope scope(options.name, "FusedBatchNormV3", all);
  const Output image = as_output(x, "x");
  require<TypeError>(is_floating(image.dtype()), ErrorKind::dtype_incompatible,
                     "fused_batch_norm takes floating dtypes, not ", image.dtype());
  const internal::ChannelVectors vectors(image, first);
  const Output wide = internal::is_half(image.dtype()) ? cast(image, float32) : image;
  const Output by = vectors.vector(scale, "scale"), shift = vectors.vector(offset, "offset");
  Output mean, variance;  // that it is normalized by
  FusedBatchNorm result;
  if (options.is_training) {
    const Moments batch = moments(wide, vectors.axes(), {.name = "moments"});
    mean = batch.mean;
    variance = batch.variance;
    const Output pixels = vectors.pixels(wide.dtype());
    const Output unbiased = variance * (pixels / maximum(pixels - 1.0, 1.0));
    result.mean = stop_gradient(mean);
    result.variance = stop_gradient(unbiased);
    if (factor != 1) {
      const auto averaged = [&](const Input& before, const char* name, const Output& now) {
        return stop_gradient(vectors.vector(before, name) * (1 - factor) + now * factor);
      };
      result.mean = averaged(*options.mean, "mean", mean);
      result.variance = averaged(*options.variance, "variance", unbiased);
    }
  } else {
    mean = result.mean = stop_gradient(vectors.vector(*options.mean, "mean"));
    variance = result.variance = stop_gradient(vectors.vector(*options.variance, "variance"));
  }
  // cuDNN's least epsilon, which TensorFlow takes everywhere.
  const double epsilon = std::max(options.epsilon, 1.001e-5);
  const Output normalized = batch_normalization(
      wide, vectors.placed(mean), vectors.placed(variance),
      {.offset = vectors.placed(shift), .scale = vectors.placed(by), .variance_epsilon = epsilon});
  result.y = identity(cast(normalized, image.dtype()), {.name = scope.name()});
  return result;
}

Output nn::batch_norm_with_global_normalization(Input t, Input mean, Input variance, Input beta,
                                                Input gamma,
                                                const GlobalNormalizationOptions& options) {
  BatchNormalizationOptions plain{.offset = beta,
                                  .scale = {},
                                  .variance_epsilon = options.variance_epsilon,
                                  .name = options.name};
  if (options.scale_after_normalization) plain.scale = gamma;
  return batch_normalization(t, mean, variance, plain);
}

nn::Moments nn::weighted_moments(Input x, const Axes& axes, Input frequency_weights,
                                 const MomentsOptions& options) {
  const OpScope scope(options.name, "weighted_moments", {x, frequency_weights});
  const Output given = as_output(x, "x");
  const Output weights = as_output(frequency_weights, "frequency_weights",
                                   frequency_weights.is_weak() ? given.dtype() : DType::invalid);
  const bool narrow = given.dtype() == float16;
  const Output y = narrow ? cast(given, float32) : given;
  const Output w = narrow ? cast(weights, float32) : weights;
  const auto summed = [&](const Output& terms) {
    return reduce_sum(terms, {.axis = axes, .keepdims = true});
  };
  const Output divisor = reciprocal(summed(w + zeros_like(y)));
  const Output mean = summed(w * y) * divisor;
  const Output variance = summed(w * squared_difference(y, mean)) * divisor;
  const auto finished = [&](const Output& result) {
    const Output kept = options.keepdims ? result : squeeze(result, {.axis = axes});
    return narrow ? cast(kept, given.dtype()) : kept;
  };
  return {finished(mean), finished(variance)};
}

nn::SufficientStatistics nn::sufficient_statistics(Input x, const Axes& axes,
                                                   const SufficientStatisticsOptions& options) {
  std::vector<Input> all = {x};
  if (options.shift) all.push_back(*options.shift);
  const OpScope scope(options.name, "sufficient_statistics", all);
  const Output y = as_output(x, "x");
  SufficientStatistics result;
  const ReduceOptions how{.axis = axes, .keepdims = options.keepdims};
  result.count = internal::count_along(y, axes);
  if (options.shift) {
    const Input& given = *options.shift;
    result.shift = as_output(given, "shift", given.is_weak() ? y.dtype() : DType::invalid);
    result.sum = reduce_sum(y - result.shift, how);
    result.sum_of_squares = reduce_sum(squared_difference(y, result.shift), how);
  } else {
    result.sum = reduce_sum(y, how);
    result.sum_of_squares = reduce_sum(square(y), how);
  }
  return result;
}

nn::Moments nn::normalize_moments(Input counts, Input mean_ss, Input variance_ss,
                                  std::optional<Input> shift, const OpOptions& options) {
  std::vector<Input> all = {counts, mean_ss, variance_ss};
  if (shift) all.push_back(*shift);
  const OpScope scope(options.name, "normalize", all);
  const Output sums = as_output(mean_ss, "mean_ss");
  const auto beside = [&](const Input& input, const char* name) {
    return as_output(input, name, input.is_weak() ? sums.dtype() : DType::invalid);
  };
  const Output divisor = reciprocal(beside(counts, "counts"), {.name = "divisor"});
  const Output shifted = multiply(sums, divisor, {.name = shift ? "shifted_mean" : "mean"});
  const Output mean = shift ? add(shifted, beside(*shift, "shift"), {.name = "mean"}) : shifted;
  const Output variance =
      subtract(beside(variance_ss, "variance_ss") * divisor, square(shifted), {.name = "variance"});
  return {mean, variance};
}

Output nn::l2_normalize(Input x, const L2NormalizeOptions& options) {
  const OpScope scope(options.name, "l2_normalize", {x});
  const Output y = as_output(x, "x");
  const Output sum = reduce_sum(square(y), {.axis = options.axis, .keepdims = true});
  return multiply(y, rsqrt(maximum(sum, options.epsilon)), {.name = scope.name()});
}

Output nn::xw_plus_b(Input x, Input weights, Input biases, const OpOptions& options) {
  const OpScope scope(options.name, "xw_plus_b", {x, weights, biases});
  return bias_add(matmul(x, weights), biases, {.name = scope.name()});
}

}  // namespace tenon
