// Blocks of images moved into batches or channels, made of reshapes and transposes.

#include "core/base/check.h"
#include "core/graph/shape_rules.h"
#include "core/graph/size_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/channels_first.h"
#include "core/ops/op_scope.h"
#include "tenon/arrange_ops.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_array_blocks(OpRegistry&) {}

namespace {

bool is_known(const Input& size) { return !size.is_output(); }
int64_t number_in(const Input& size) { return size.value().scalar<int64_t>(); }

Input times(const Input& size, int64_t factor) {
  return is_known(size) ? Input(multiply_sizes(number_in(size), factor))
                        : Input(multiply(size, factor));
}

// Throws ValueError (shape_incompatible) where a known size doesn't divide; of one that only the
// run knows the reshape that follows says so.
Input divided(const Input& size, int64_t divisor, const char* what) {
  if (!is_known(size)) return floordiv(size, divisor);
  require<ValueError>(number_in(size) % divisor == 0, ErrorKind::shape_incompatible, what,
                      " of size ", number_in(size), " is not divisible by ", divisor);
  return number_in(size) / divisor;
}

int64_t product_of(const std::vector<int64_t>& block) {
  int64_t product = 1;
  for (const int64_t size : block) {
    require<ValueError>(size > 0, ErrorKind::bad_argument, "Sizes of blocks must be positive, not ",
                        size);
    product = multiply_sizes(product, size);
  }
  return product;
}

void check_sides(const Sides& sides, size_t axes, const char* name) {
  require<ValueError>(sides.size() == axes, ErrorKind::shape_incompatible, name,
                      " must be one pair an axis: ", sides.size(), " for ", axes, " axes");
  for (const auto& [before, after] : sides) {
    require<ValueError>(before >= 0 && after >= 0, ErrorKind::bad_argument, name,
                        " must be non-negative: ", before, ", ", after);
  }
}

// The same of a tensor [axes, 2], as int64.
Output checked_sides(const Output& sides, size_t axes, const char* name) {
  const Shape wanted = {static_cast<int64_t>(axes), 2};
  require<ValueError>(sides.shape().compatible_with(wanted), ErrorKind::shape_incompatible, name,
                      " must have shape ", wanted, ", not ", sides.shape());
  return cast(sides, int64);
}

// The tensor, of known rank, which must have the blocks' axes.
Output blocked_input(const Input& input, const std::vector<int64_t>& block) {
  const Output x = as_output(input, "input");
  const auto least = static_cast<int>(block.size()) + 1;
  require<ValueError>(x.shape().has_rank() && x.shape().rank() >= least,
                      ErrorKind::shape_incompatible, "input must have rank >= ", least,
                      ", but has shape ", x.shape());
  return x;
}

std::vector<Input> sizes_of(const Output& x) {
  std::vector<Input> sizes;
  for (int axis = 0; axis < x.shape().rank(); ++axis) sizes.push_back(size_along(x, axis));
  return sizes;
}

Output padded(const Output& x, const Sides& sides) {
  std::vector<int64_t> numbers(static_cast<size_t>(2 * x.shape().rank()), 0);
  for (size_t i = 0; i < sides.size(); ++i) {
    numbers[2 * i + 2] = sides[i].first;
    numbers[2 * i + 3] = sides[i].second;
  }
  return pad(x, Tensor::from<int64_t>(numbers, {int64_t{x.shape().rank()}, 2}));
}

// The sides [axes, 2] of the axes behind the batch as sides of all axes.
Output sides_of_all_axes(const Output& x, const Output& sides) {
  const int64_t rest = x.shape().rank() - 1 - sides.shape()[0];
  return concat({zeros({1, 2}, int64), sides, zeros({rest, 2}, int64)}, 0);
}

Output padded(const Output& x, const Output& sides) { return pad(x, sides_of_all_axes(x, sides)); }

Output cropped(const Output& x, const Output& crops, const std::string& name) {
  const Output all = sides_of_all_axes(x, crops);
  const Output begin = squeeze(slice(all, {0, 0}, {-1, 1}), {.axis = {1}});
  const Output left = subtract(shape(x, {.out_type = int64}), reduce_sum(all, {.axis = {1}}));
  return slice(x, begin, left, {.name = name});
}

// [batch, spatial..., rest] without what crops cut off.
Output cropped(const Output& x, const Sides& crops, const std::string& name) {
  std::vector<Input> begin(static_cast<size_t>(x.shape().rank()), Input(int64_t{0}));
  std::vector<Input> size = sizes_of(x);
  for (size_t i = 0; i < crops.size(); ++i) {
    const int64_t off = crops[i].first + crops[i].second;
    begin[i + 1] = Input(crops[i].first);
    Input& left = size[i + 1];
    require<ValueError>(!is_known(left) || number_in(left) >= off, ErrorKind::shape_incompatible,
                        "crops take ", off, " from an axis of size ",
                        is_known(left) ? number_in(left) : 0);
    left = is_known(left) ? Input(number_in(left) - off) : Input(subtract(left, off));
  }
  return slice(x, integers_of(begin), integers_of(size), {.name = name});
}

// The blocks of the axes behind the batch, moved into it.
Output blocks_to_batch(const Output& x, const std::vector<int64_t>& block_shape,
                       const std::string& name) {
  const int64_t blocks = product_of(block_shape);
  const std::vector<Input> sizes = sizes_of(x);
  const size_t axes = block_shape.size();
  std::vector<Input> cut = {sizes[0]}, result = {times(sizes[0], blocks)};
  std::vector<int64_t> perm;
  for (size_t i = 0; i < axes; ++i) {
    cut.push_back(divided(sizes[i + 1], block_shape[i], "A padded axis"));
    cut.emplace_back(block_shape[i]);
    result.push_back(cut[2 * i + 1]);
    perm.push_back(static_cast<int64_t>(2 * i + 2));
  }
  perm.push_back(0);
  for (size_t i = 0; i < axes; ++i) perm.push_back(static_cast<int64_t>(2 * i + 1));
  for (size_t i = axes + 1; i < sizes.size(); ++i) {
    perm.push_back(static_cast<int64_t>(axes + i));
    cut.push_back(sizes[i]);
    result.push_back(sizes[i]);
  }
  return reshape(transpose(reshape(x, integers_of(cut)), {.perm = perm}), integers_of(result),
                 {.name = name});
}

// The same back, whole.
Output batch_to_blocks(const Output& x, const std::vector<int64_t>& block_shape) {
  const int64_t blocks = product_of(block_shape);
  const std::vector<Input> sizes = sizes_of(x);
  const size_t axes = block_shape.size();
  std::vector<Input> cut, result = {divided(sizes[0], blocks, "The batch")};
  std::vector<int64_t> perm = {static_cast<int64_t>(axes)};
  for (const int64_t size : block_shape) cut.emplace_back(size);
  cut.push_back(result[0]);
  for (size_t i = 0; i < axes; ++i) {
    cut.push_back(sizes[i + 1]);
    result.push_back(times(sizes[i + 1], block_shape[i]));
    perm.push_back(static_cast<int64_t>(axes + 1 + i));
    perm.push_back(static_cast<int64_t>(i));
  }
  for (size_t i = axes + 1; i < sizes.size(); ++i) {
    perm.push_back(static_cast<int64_t>(axes + i));
    cut.push_back(sizes[i]);
    result.push_back(sizes[i]);
  }
  return reshape(transpose(reshape(x, integers_of(cut)), {.perm = perm}), integers_of(result));
}

void check_image_blocks(const Output& image, int64_t block) {
  require<ValueError>(block > 1, ErrorKind::bad_argument, "block_size must be at least 2, not ",
                      block);
  with_rank(image.shape(), 4, "input");
  require<UnimplementedError>(image.shape().has_rank(), ErrorKind::bad_argument,
                              "The rank of the image must be known");
}

}  // namespace
}  // namespace internal

using internal::as_output;
using internal::divided;
using internal::integers_of;
using internal::OpScope;
using internal::times;

Output space_to_batch_nd(Input input, const std::vector<int64_t>& block_shape,
                         const Sides& paddings, const OpOptions& options) {
  const OpScope scope(options.name, "SpaceToBatchND", {input});
  internal::check_sides(paddings, block_shape.size(), "paddings");
  const Output x = internal::blocked_input(input, block_shape);
  return internal::blocks_to_batch(internal::padded(x, paddings), block_shape, scope.name());
}

Output space_to_batch_nd(Input input, const std::vector<int64_t>& block_shape,
                         const Output& paddings, const OpOptions& options) {
  const OpScope scope(options.name, "SpaceToBatchND", {input});
  const Output sides = internal::checked_sides(paddings, block_shape.size(), "paddings");
  const Output x = internal::blocked_input(input, block_shape);
  return internal::blocks_to_batch(internal::padded(x, sides), block_shape, scope.name());
}

Output batch_to_space_nd(Input input, const std::vector<int64_t>& block_shape, const Sides& crops,
                         const OpOptions& options) {
  const OpScope scope(options.name, "BatchToSpaceND", {input});
  internal::check_sides(crops, block_shape.size(), "crops");
  const Output x = internal::blocked_input(input, block_shape);
  return internal::cropped(internal::batch_to_blocks(x, block_shape), crops, scope.name());
}

Output batch_to_space_nd(Input input, const std::vector<int64_t>& block_shape, const Output& crops,
                         const OpOptions& options) {
  const OpScope scope(options.name, "BatchToSpaceND", {input});
  const Output sides = internal::checked_sides(crops, block_shape.size(), "crops");
  const Output x = internal::blocked_input(input, block_shape);
  return internal::cropped(internal::batch_to_blocks(x, block_shape), sides, scope.name());
}

Output space_to_depth(Input input, int64_t block_size, const BlockOptions& options) {
  const OpScope scope(options.name, "SpaceToDepth", {input});
  const Output x = as_output(input, "input");
  internal::check_image_blocks(x, block_size);
  if (options.data_format == "NCHW") {
    return internal::to_channels_first(space_to_depth(internal::to_channels_last(x), block_size),
                                       scope.name());
  }
  const std::vector<Input> sizes = internal::sizes_of(x);
  const Input rows = divided(sizes[1], block_size, "The height"),
              columns = divided(sizes[2], block_size, "The width");
  const Output cut =
      reshape(x, integers_of({sizes[0], rows, block_size, columns, block_size, sizes[3]}));
  return reshape(transpose(cut, {.perm = {0, 1, 3, 2, 4, 5}}),
                 integers_of({sizes[0], rows, columns, times(sizes[3], block_size * block_size)}),
                 {.name = scope.name()});
}

Output depth_to_space(Input input, int64_t block_size, const BlockOptions& options) {
  const OpScope scope(options.name, "DepthToSpace", {input});
  const Output x = as_output(input, "input");
  internal::check_image_blocks(x, block_size);
  if (options.data_format == "NCHW") {
    return internal::to_channels_first(depth_to_space(internal::to_channels_last(x), block_size),
                                       scope.name());
  }
  const std::vector<Input> sizes = internal::sizes_of(x);
  const Input depth = divided(sizes[3], block_size * block_size, "The depth");
  const Output cut =
      reshape(x, integers_of({sizes[0], sizes[1], sizes[2], block_size, block_size, depth}));
  return reshape(
      transpose(cut, {.perm = {0, 1, 3, 2, 4, 5}}),
      integers_of({sizes[0], times(sizes[1], block_size), times(sizes[2], block_size), depth}),
      {.name = scope.name()});
}

}  // namespace tenon
