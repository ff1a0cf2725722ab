// Adam (Kingma and Ba, 2015), in the form just before the paper's section 2.1.
#include <algorithm>

#include "core/training/apply.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

AdamOptimizer::AdamOptimizer(const AdamOptions& options)
    : Optimizer(options.name, options.use_locking, options.slots_ignore_reuse), options_(options) {}

void AdamOptimizer::create_slots(const std::vector<Variable>& variables) {
  // Beside the first by name, so that every worker chooses the same device.
  const Variable first =
      *std::min_element(variables.begin(), variables.end(),
                        [](const Variable& a, const Variable& b) { return a.name() < b.name(); });
  non_slot(options_.beta1, "beta1_power", first);
  non_slot(options_.beta2, "beta2_power", first);
  for (const Variable& variable : variables) {
    zeros_slot(variable, "m", get_name());
    zeros_slot(variable, "v", get_name());
  }
}

void AdamOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
  beta1_ = as_scalar(options_.beta1, "beta1");
  beta2_ = as_scalar(options_.beta2, "beta2");
  epsilon_ = as_scalar(options_.epsilon, "epsilon");
}

Operation AdamOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  return internal::add_update(
      "Adam", {variable, get_slot(variable, "m"), get_slot(variable, "v")},
      {cast_to(get_non_slot("beta1_power"), variable),
       cast_to(get_non_slot("beta2_power"), variable), cast_to(learning_rate_, variable),
       cast_to(beta1_, variable), cast_to(beta2_, variable), cast_to(epsilon_, variable), gradient},
      {{"use_locking", use_locking()}, {"use_nesterov", false}});
}

// The powers go up once all variables have been updated.
Operation AdamOptimizer::finish(const std::vector<Operation>& updates, const std::string& name) {
  const Variable beta1_power = get_non_slot("beta1_power");
  const Variable beta2_power = get_non_slot("beta2_power");
  std::vector<ControlInput> all(updates.begin(), updates.end());
  {
    auto after = control_dependencies(std::vector<ControlInput>(all));
    auto beside = colocate_with(beta1_power.op());
    all.emplace_back(beta1_power.assign(beta1_power * beta1_));
    all.emplace_back(beta2_power.assign(beta2_power * beta2_));
  }
  return group(all, {.name = name});
}

}  // namespace tenon::train
