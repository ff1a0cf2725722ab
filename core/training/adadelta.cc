// Adadelta (Zeiler, 2012).
#include "core/training/apply.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

AdadeltaOptimizer::AdadeltaOptimizer(const AdadeltaOptions& options)
    : Optimizer(options.name, options.use_locking, options.slots_ignore_reuse), options_(options) {}

void AdadeltaOptimizer::create_slots(const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) {
    zeros_slot(variable, "accum", get_name());
    zeros_slot(variable, "accum_update", get_name());
  }
}

void AdadeltaOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "lr");
  rho_ = as_scalar(options_.rho, "rho");
  epsilon_ = as_scalar(options_.epsilon, "epsilon");
}

Operation AdadeltaOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  return internal::add_update(
      "Adadelta", {variable, get_slot(variable, "accum"), get_slot(variable, "accum_update")},
      {cast_to(learning_rate_, variable), cast_to(rho_, variable), cast_to(epsilon_, variable),
       gradient},
      {{"use_locking", use_locking()}});
}

Operation AdadeltaOptimizer::apply_sparse(const SparseGradient& gradient,
                                          const Variable& variable) {
  return step(gather(gradient.dense, gradient.indices), variable, gradient.indices);
}

Operation AdadeltaOptimizer::step(const Output& gradient, const Variable& variable,
                                  const Output& indices) {
  const Output rho = cast_to(rho_, variable), epsilon = cast_to(epsilon_, variable);
  const Variable accum_slot = get_slot(variable, "accum");
  const Variable update_slot = get_slot(variable, "accum_update");
  const Output accum = read(accum_slot, indices) * rho + square(gradient) * (1 - rho);
  const Output old_update = read(update_slot, indices);
  const Output update = sqrt(old_update + epsilon) * rsqrt(accum + epsilon) * gradient;
  const Output change = cast_to(learning_rate_, variable) * update;
  return group({write(accum_slot, indices, accum),
                write(update_slot, indices, old_update * rho + square(update) * (1 - rho)),
                write(variable, indices, read(variable, indices) - change)});
}

}  // namespace tenon::train
