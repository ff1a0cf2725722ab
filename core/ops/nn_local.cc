// Functions made of other operations: the places of pooled pixels, local response normalization.

#include <cmath>

#include "core/base/check.h"
#include "core/graph/shape_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"
#include "core/ops/window_rules.h"
#include "tenon/nn.h"
#include "tenon/ops.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_nn_local(OpRegistry&) {}

namespace {

// Of each pixel and channel its number in the image, or in the batch: float64, which holds all
// numbers up to 2^53.
Output numbers_of_pixels(const Output& images, bool in_batch) {
  std::vector<Input> sizes;
  append_sizes(sizes, images, 0, 4);
  if (!in_batch) sizes[0] = Input(int64_t{1});
  const Output shape = cast(as_output(integers_of(sizes).as_input()), int64);
  const Output numbers = reshape(range(reduce_prod(shape)), shape);
  return cast(add(numbers, zeros_like(images, {.dtype = int64})), float64);
}

// 1 where two channels are no further apart than the radius: [C, C].
Output band(const Output& like, int64_t radius) {
  const Output channels = range(size_along(like, 3));
  const Output apart = abs(subtract(expand_dims(channels, 1), channels));
  return cast(less_equal(apart, radius), like.dtype());
}

}  // namespace
}  // namespace internal

using internal::as_output;
using internal::OpScope;
using internal::require;

nn::MaxPoolWithArgmax nn::max_pool_with_argmax(Input value,
                                               const MaxPoolWithArgmaxOptions& options) {
  require<ValueError>(options.data_format == "NHWC", ErrorKind::bad_argument,
                      "max_pool_with_argmax takes images only as NHWC, not as ",
                      options.data_format);
  require<TypeError>(options.output_dtype == int32 || options.output_dtype == int64,
                     ErrorKind::dtype_incompatible, "Places are int32 or int64, not ",
                     options.output_dtype);
  const OpScope scope(options.name, "MaxPoolWithArgmax", {value});
  const Output images = as_output(value, "input");
  internal::with_rank(images.shape(), 4, "input");
  PoolOptions plain = options;
  plain.name = {};
  const Output pooled = max_pool(images, plain);
  // What takes the gradients of the largest pixels takes their numbers as well.
  const Output wide = stop_gradient(cast(images, float64));
  const Output largest = max_pool(wide, plain);
  const Output places = internal::add_output(
      "MaxPoolGradGrad",
      {wide, largest, internal::numbers_of_pixels(images, options.include_batch_in_index)},
      {.attrs = internal::attributes_of(
           largest.op(), {"ksize", "strides", "padding", "explicit_paddings", "data_format"})});
  return {identity(pooled, {.name = scope.name()}), cast(places, options.output_dtype)};
}

Output nn::local_response_normalization(Input input, const LrnOptions& options) {
  const OpScope scope(options.name, "LRN", {input});
  const Output x = as_output(input, "input");
  internal::with_rank(x.shape(), 4, "input");
  require<TypeError>(is_floating(x.dtype()), ErrorKind::dtype_incompatible,
                     "local_response_normalization takes floating dtypes, not ", x.dtype());
  require<ValueError>(options.depth_radius >= 0, ErrorKind::bad_argument,
                      "depth_radius must not be negative, but is ", options.depth_radius);
  const Output rows = reshape(square(x), stack({Input(-1), internal::size_along(x, 3)}));
  const Output sums = reshape(matmul(rows, internal::band(x, options.depth_radius)), shape(x));
  return multiply(x, pow(options.bias + sums * options.alpha, -options.beta),
                  {.name = scope.name()});
}

}  // namespace tenon
