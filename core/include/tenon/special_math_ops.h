// Special functions, elementwise. erf itself is in tenon/math_ops.h.
#pragma once

#include "tenon/array_ops.h"
#include "tenon/export.h"
#include "tenon/graph.h"

namespace tenon {

// Of floating dtypes. NaN where there is no value (erfinv beyond [-1, 1], ndtri beyond [0, 1],
// digamma at 0, -1, -2, ...), infinite at poles and ends.
TENON_API Output erfc(Input x, const OpOptions& options = {});    // 1 - erf(x)
TENON_API Output erfinv(Input x, const OpOptions& options = {});  // y with erf(y) = x
// The quantile of the standard normal distribution: where it has grown to x.
TENON_API Output ndtri(Input x, const OpOptions& options = {});
TENON_API Output lgamma(Input x, const OpOptions& options = {});   // log |gamma(x)|
TENON_API Output digamma(Input x, const OpOptions& options = {});  // the derivative of lgamma

// Of float32 and float64; operands broadcast. As in TensorFlow no gradient flows into the first.
//
// The derivative of digamma, so many times over: a is 0, 1, 2, ..., else the result is NaN.
TENON_API Output polygamma(Input a, Input x, const OpOptions& options = {});
// The sum over k >= 0 of (q + k)^-x, for x > 1; infinite for x = 1, NaN below.
TENON_API Output zeta(Input x, Input q, const OpOptions& options = {});

}  // namespace tenon
