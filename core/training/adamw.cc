// Adam with decoupled weight decay (Loshchilov and Hutter, 2019): the decay isn't part of the
// gradient, so that Adam's moments know nothing of it.
#include <algorithm>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

AdamWOptimizer::AdamWOptimizer(const AdamWOptions& options)
    : AdamOptimizer({.learning_rate = options.learning_rate,
                     .beta1 = options.beta1,
                     .beta2 = options.beta2,
                     .epsilon = options.epsilon,
                     .use_locking = options.use_locking,
                     .name = options.name,
                     .slots_ignore_reuse = options.slots_ignore_reuse}),
      weight_decay_(options.weight_decay),
      decay_var_list_(options.decay_var_list) {}

void AdamWOptimizer::prepare() {
  AdamOptimizer::prepare();
  decay_ = as_scalar(weight_decay_, "weight_decay");
}

Operation AdamWOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  if (!decays(variable)) return AdamOptimizer::apply_dense(gradient, variable);
  auto after = control_dependencies({decay(variable, {})});
  return AdamOptimizer::apply_dense(gradient, variable);
}

Operation AdamWOptimizer::apply_sparse(const SparseGradient& gradient, const Variable& variable) {
  if (!decays(variable)) return AdamOptimizer::apply_dense(gradient.dense, variable);
  auto after = control_dependencies({decay(variable, gradient.indices)});
  return AdamOptimizer::apply_dense(gradient.dense, variable);
}

bool AdamWOptimizer::decays(const Variable& variable) const {
  const std::vector<Variable>& listed = decay_var_list_.variables();
  return !decay_var_list_.is_given() ||
         std::find(listed.begin(), listed.end(), variable) != listed.end();
}

Operation AdamWOptimizer::decay(const Variable& variable, const Output& indices) const {
  const Output value = read(variable, indices);
  return write(variable, indices, value - cast_to(decay_, variable) * value);
}

}  // namespace tenon::train
