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

inline void require_filters(int64_t filters) {
  internal::require<ValueError>(filters >= 0, ErrorKind::bad_argument,
                                "Invalid value for argument `filters`. Expected a strictly "
                                "positive value. Received filters=",
                                filters, ".");
}

}  // namespace tenon::layers
