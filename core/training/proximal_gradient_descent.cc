// Gradient descent with penalties that are applied after the step (Duchi and Singer, 2009).
#include "core/training/apply.h"
#include "core/training/proximal.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

ProximalGradientDescentOptimizer::ProximalGradientDescentOptimizer(
    const ProximalGradientDescentOptions& options)
    : Optimizer(options.name, options.use_locking), options_(options) {}

void ProximalGradientDescentOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
  l1_ = as_scalar(options_.l1_regularization_strength, "l1_regularization_strength");
  l2_ = as_scalar(options_.l2_regularization_strength, "l2_regularization_strength");
}

Operation ProximalGradientDescentOptimizer::apply_dense(const Output& gradient,
                                                        const Variable& variable) {
  return internal::add_update("ProximalGradientDescent", {variable},
                              {learning_rate_, l1_, l2_, gradient},
                              {{"use_locking", use_locking()}});
}

Operation ProximalGradientDescentOptimizer::apply_sparse(const SparseGradient& gradient,
                                                         const Variable& variable) {
  const Output rows = gather(gradient.dense, gradient.indices);
  const Output moved = read(variable, gradient.indices) - learning_rate_ * rows;
  return write(variable, gradient.indices, internal::shrunk(moved, learning_rate_, l1_, l2_));
}

}  // namespace tenon::train
