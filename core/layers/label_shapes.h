// How labels, predictions and weights are brought to one shape: what losses and metrics share.
#pragma once

#include "tenon/graph.h"

namespace tenon::internal {

// Throws ValueError (shape_incompatible) unless both may have one shape.
void require_one_shape(const Output& predictions, const Output& labels);

// Throws ValueError (shape_incompatible) when it is known that the weights are neither a scalar nor
// of the values' rank with each size 1 or theirs.
void require_broadcastable(const Output& weights, const Output& values);

// The weights as they are to be multiplied by the values: themselves where it is known that they
// fit; else in the values' shape, so that a run fails that gives them another.
Output fitted_weights(const Output& weights, const Output& values);

// The weights in the values' shape and dtype.
Output broadcast_weights(const Output& weights, const Output& values);

// Predictions may have `expected` more axes than labels. What has one more than that, and of size
// 1, loses it. Ranks that are unknown are taken for right.
void remove_squeezable_dimensions(Output& labels, Output& predictions, int expected = 0);

}  // namespace tenon::internal
