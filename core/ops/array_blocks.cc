// Blocks of images moved into batches or channels, made of reshapes and transposes.

#include "core/base/check.h"
#include "core/graph/caller_line.h"
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
                      " of size ", number_in(size), " is not divisible by ", divisor,
                      CallerLine::told());
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

// The tensor, of known rank, which must have the blocks' axes.
Output blocked_input(const Input& input, const std::vector<int64_t>& block, const Sides& sides,
                     const char* name) {
  require<ValueError>(sides.size() == block.size(), ErrorKind::shape_incompatible, name,
                      " must be one pair an axis: ", sides.size(), " for ", block.size(), " axes");
  for (const auto& [before, after] : sides) {
    require<ValueError>(before >= 0 && after >= 0, ErrorKind::bad_argument, name,
                        " must be non-negative: ", before, ", ", after);
  }
  const Output x = as_output(input, "input");
  const auto least = static_cast<int>(block.size()) + 1;
  require<ValueError>(x.shape().has_rank() && x.shape().rank() >= least,
                      ErrorKind::shape_incompatible, "input must have rank >= ", least,
                      ", but has shape ", x.shape(), CallerLine::told());
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
                        is_known(left) ? number_in(left) : 0, CallerLine::told());
    left = is_known(left) ? Input(number_in(left) - off) : Input(subtract(left, off));
  }
  return slice(x, integers_of(begin), integers_of(size), {.name = name});
}

void check_image_blocks(const Output& image, int64_t block) {
  require<ValueError>(block > 1, ErrorKind::bad_argument, "block_size must be at least 2, not ",
                      block);
  with_rank(image.shape(), 4, "input");
  require<UnimplementedError>(image.shape().has_rank(), ErrorKind::bad_argument,
                              "The rank of the image must be known", CallerLine::told());
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
  const int64_t blocks = internal::product_of(block_shape);
  const Output x =
      internal::padded(internal::blocked_input(input, block_shape, paddings, "paddings"), paddings);
  const std::vector<Input> sizes = internal::sizes_of(x);
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
                 {.name = scope.name()});
}

Output batch_to_space_nd(Input input, const std::vector<int64_t>& block_shape, const Sides& crops,
                         const OpOptions& options) {
  const OpScope scope(options.name, "BatchToSpaceND", {input});
  const int64_t blocks = internal::product_of(block_shape);
  const Output x = internal::blocked_input(input, block_shape, crops, "crops");
  const std::vector<Input> sizes = internal::sizes_of(x);
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
  const Output whole =
      reshape(transpose(reshape(x, integers_of(cut)), {.perm = perm}), integers_of(result));
  return internal::cropped(whole, crops, scope.name());
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
