// Images whose channels come first (NCHW), for operations whose kernels take them last (NHWC): they
// are turned around before and after.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/nn.h"

namespace tenon::internal {

inline Output to_channels_last(const Input& image) {
  return transpose(image, {.perm = {0, 2, 3, 1}});
}
inline Output to_channels_first(const Output& image, const std::string& name = {}) {
  return transpose(image, {.perm = {0, 3, 1, 2}, .name = name});
}

// Numbers in the order of NCHW, one or two an axis, in that of NHWC. Fewer than one an axis are
// those of rows and columns, which need no order.
template <typename T>
std::vector<T> channels_last(const std::vector<T>& numbers) {
  if (numbers.size() != 4) return numbers;
  return {numbers[0], numbers[2], numbers[3], numbers[1]};
}

inline nn::Padding channels_last(const nn::Padding& padding) {
  const std::vector<int64_t>& sides = padding.explicit_paddings();
  if (sides.size() != 8) return padding;
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (size_t i = 0; i < 4; ++i) pairs.emplace_back(sides[2 * i], sides[2 * i + 1]);
  return channels_last(pairs);
}

inline nn::Conv2DOptions channels_last(nn::Conv2DOptions options) {
  options.strides = channels_last(options.strides);
  options.dilations = channels_last(options.dilations);
  options.padding = channels_last(options.padding);
  options.data_format = "NHWC";
  options.name = {};
  return options;
}

inline nn::PoolOptions channels_last(nn::PoolOptions options) {
  options.ksize = channels_last(options.ksize);
  options.strides = channels_last(options.strides);
  options.data_format = "NHWC";
  options.name = {};
  return options;
}

}  // namespace tenon::internal
