// variable -= learning_rate * gradient.
#include "core/training/apply.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

GradientDescentOptimizer::GradientDescentOptimizer(const GradientDescentOptions& options)
    : Optimizer(options.name, options.use_locking), options_(options) {}

void GradientDescentOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
}

Operation GradientDescentOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  return internal::add_update("GradientDescent", {variable},
                              {cast_to(learning_rate_, variable), gradient},
                              {{"use_locking", use_locking()}});
}

// Rows that occur more than once are subtracted one after the other: nothing to sum before.
Operation GradientDescentOptimizer::apply_sparse(const SparseGradient& gradient,
                                                 const Variable& variable) {
  const Output delta = gradient.values * cast_to(learning_rate_, variable);
  return variable.scatter_sub(gradient.indices, delta).op();
}

}  // namespace tenon::train
