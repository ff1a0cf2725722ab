// What the convolutional layers share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/layers/layer_checks.h"
#include "tenon/layers.h"
#include "tenon/nn.h"

namespace tenon::layers {

template <typename Options>
LayerOptions layer_options(const Options& options, bool name_is_scope) {
  return {.name = options.name,
          .name_is_scope = name_is_scope,
          .reuse = options.reuse,
          .trainable = options.trainable,
          .activity_regularizer = options.activity_regularizer};
}

// The kernel and bias of conv1d, conv2d and conv2d_transpose.
template <typename Options>
Weight kernel_of(const Options& options, const std::vector<int64_t>& shape) {
  return {.shape = Shape(shape),
          .initializer = options.kernel_initializer,
          .regularizer = options.kernel_regularizer,
          .constraint = options.kernel_constraint};
}
template <typename Options>
Weight bias_of(const Options& options, int64_t filters) {
  return {.shape = {filters},
          .initializer = options.bias_initializer,
          .regularizer = options.bias_regularizer,
          .constraint = options.bias_constraint};
}

template <typename Options>
void check_convolution(int64_t filters, const Options& options) {
  internal::require<ValueError>(filters >= 0, ErrorKind::bad_argument,
                                "Invalid value for argument `filters`. Expected a strictly "
                                "positive value. Received filters=",
                                filters, ".");
  internal::padding_of(options.padding);
}

// Of images: how nn's functions are to convolve them.
template <typename Options>
nn::Conv2DOptions image_convolution(const Options& options) {
  nn::Conv2DOptions how;
  how.strides = options.strides.of_axes(2, "strides");
  how.padding = internal::padding_of(options.padding);
  how.dilations = options.dilation_rate.of_axes(2, "dilation_rate");
  return how;
}

template <typename Options>
Output with_bias(const Output& convolved, const Variable& bias, const Options& options) {
  return options.use_bias ? nn::bias_add(convolved, bias) : convolved;
}

}  // namespace tenon::layers
