// Gradients beside finite differences: TensorFlow's tf.test.compute_gradient.
//
//   Output x = placeholder(float64, {2, 3}), y = my_operation(x);
//   double error = compute_gradient_error(x, y, {.x_value = value});   // 1e-7 or so where it is
//   right
#pragma once

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/session.h"
#include "tenon/tensor.h"

namespace tenon {

struct GradientCheckOptions {
  Tensor x_value;              // where; of x's dtype, float32 or float64
  double delta = 1e-3;         // how far x is moved each way
  Feeds feeds = {};            // what else y needs
  Session* session = nullptr;  // left out: the default session, else one of its own
};
struct Jacobians {
  Tensor theoretical, numeric;  // float64 [x's elements, y's elements]
};
// The derivatives of each element of y by each element of x: by `gradients`, and by the difference
// of two runs. Runs y twice for each element of x and its gradient once for each of y; adds
// operations to the graph. Throws TypeError (dtype_incompatible) for other dtypes, ValueError
// (no_gradient) where no gradient of y by x is defined, and what Session::run throws.
TENON_API Jacobians compute_gradient(const Output& x, const Output& y,
                                     const GradientCheckOptions& options,
                                     Location where = Location::current());
// The largest difference between the two; NaN where one is.
TENON_API double compute_gradient_error(const Output& x, const Output& y,
                                        const GradientCheckOptions& options,
                                        Location where = Location::current());

}  // namespace tenon
