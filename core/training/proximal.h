// What the proximal methods share.
#pragma once

#include "tenon/math_ops.h"

namespace tenon::internal {

// sign(x) * max(|x| - rate * l1, 0) / (1 + rate * l2): what pulls to zero by an L1 and an L2
// penalty. ApplyProximalGradientDescent and ApplyProximalAdagrad compute the same.
inline Output shrunk(const Output& x, const Output& rate, const Output& l1, const Output& l2) {
  return sign(x) * maximum(abs(x) - rate * l1, 0.0) / (1.0 + rate * l2);
}

}  // namespace tenon::internal
