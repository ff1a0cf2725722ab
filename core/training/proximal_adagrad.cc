// Adagrad with penalties that are applied after the step (Duchi and Singer, 2009; Duchi et al.,
// 2011).
#include <vector>

#include "core/base/check.h"
#include "core/training/apply.h"
#include "core/training/proximal.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

ProximalAdagradOptimizer::ProximalAdagradOptimizer(const ProximalAdagradOptions& options)
    : Optimizer(options.name, options.use_locking, options.slots_ignore_reuse), options_(options) {
  internal::require<ValueError>(
      options.initial_accumulator_value > 0, ErrorKind::bad_argument,
      "initial_accumulator_value must be positive: ", options.initial_accumulator_value);
}

void ProximalAdagradOptimizer::create_slots(const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) {
    slot_with_initializer(variable, constant_initializer(options_.initial_accumulator_value),
                          "accumulator", get_name());
  }
}

void ProximalAdagradOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
  l1_ = as_scalar(options_.l1_regularization_strength, "l1_regularization_strength");
  l2_ = as_scalar(options_.l2_regularization_strength, "l2_regularization_strength");
}

Operation ProximalAdagradOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  return internal::add_update("ProximalAdagrad", {variable, get_slot(variable, "accumulator")},
                              {learning_rate_, l1_, l2_, gradient},
                              {{"use_locking", use_locking()}});
}

Operation ProximalAdagradOptimizer::apply_sparse(const SparseGradient& gradient,
                                                 const Variable& variable) {
  const Output rows = gather(gradient.dense, gradient.indices);
  const Variable slot = get_slot(variable, "accumulator");
  const Output accumulator = read(slot, gradient.indices) + square(rows);
  const Output rate = learning_rate_ / sqrt(accumulator);
  const Output moved = read(variable, gradient.indices) - rows * rate;
  return group({write(slot, gradient.indices, accumulator),
                write(variable, gradient.indices, internal::shrunk(moved, rate, l1_, l2_))});
}

}  // namespace tenon::train
