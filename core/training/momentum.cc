// Momentum, plain and Nesterov's.
#include "core/training/apply.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

MomentumOptimizer::MomentumOptimizer(const MomentumOptions& options)
    : Optimizer(options.name, options.use_locking, options.slots_ignore_reuse), options_(options) {}

void MomentumOptimizer::create_slots(const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) zeros_slot(variable, "momentum", get_name());
}

void MomentumOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
  momentum_ = as_scalar(options_.momentum, "momentum");
}

Operation MomentumOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  return internal::add_update(
      "Momentum", {variable, get_slot(variable, "momentum")},
      {cast_to(learning_rate_, variable), gradient, cast_to(momentum_, variable)},
      {{"use_locking", use_locking()}, {"use_nesterov", options_.use_nesterov}});
}

// Only the gathered rows move. A row that occurs more than once is computed alike each time, from
// the sum of its gradients.
Operation MomentumOptimizer::apply_sparse(const SparseGradient& gradient,
                                          const Variable& variable) {
  const Variable slot = get_slot(variable, "momentum");
  const Output momentum = cast_to(momentum_, variable);
  const Output rate = cast_to(learning_rate_, variable);
  const Output rows = gather(gradient.dense, gradient.indices);
  const Output accumulation = read(slot, gradient.indices) * momentum + rows;
  const Output step = options_.use_nesterov ? rows + accumulation * momentum : accumulation;
  const Output updated = read(variable, gradient.indices) - step * rate;
  return group(
      {write(slot, gradient.indices, accumulation), write(variable, gradient.indices, updated)});
}

}  // namespace tenon::train
