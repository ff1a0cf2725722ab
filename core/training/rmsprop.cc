// RMSProp (Hinton, 2012), plain and centered.
#include "core/training/apply.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

RMSPropOptimizer::RMSPropOptimizer(const RMSPropOptions& options)
    : Optimizer(options.name, options.use_locking, options.slots_ignore_reuse), options_(options) {}

void RMSPropOptimizer::create_slots(const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) {
    slot_with_initializer(variable, ones_initializer, "rms", get_name());
    if (options_.centered) zeros_slot(variable, "mg", get_name());
    zeros_slot(variable, "momentum", get_name());
  }
}

void RMSPropOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
  decay_ = as_scalar(options_.decay, "decay");
  momentum_ = as_scalar(options_.momentum, "momentum");
  epsilon_ = as_scalar(options_.epsilon, "epsilon");
}

Operation RMSPropOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  std::vector<Variable> written = {variable};
  if (options_.centered) written.push_back(get_slot(variable, "mg"));
  written.push_back(get_slot(variable, "rms"));
  written.push_back(get_slot(variable, "momentum"));
  return internal::add_update(options_.centered ? "CenteredRMSProp" : "RMSProp", written,
                              {cast_to(learning_rate_, variable), cast_to(decay_, variable),
                               cast_to(momentum_, variable), cast_to(epsilon_, variable), gradient},
                              {{"use_locking", use_locking()}});
}

Operation RMSPropOptimizer::apply_sparse(const SparseGradient& gradient, const Variable& variable) {
  return step(gather(gradient.dense, gradient.indices), variable, gradient.indices);
}

Operation RMSPropOptimizer::step(const Output& gradient, const Variable& variable,
                                 const Output& indices) {
  const Output keep = cast_to(decay_, variable), add = 1 - keep;
  const Variable rms_slot = get_slot(variable, "rms");
  const Variable momentum_slot = get_slot(variable, "momentum");
  const Output rms = read(rms_slot, indices) * keep + square(gradient) * add;
  std::vector<ControlInput> updates = {write(rms_slot, indices, rms)};
  Output spread = rms;
  if (options_.centered) {
    const Variable mean_slot = get_slot(variable, "mg");
    const Output mean = read(mean_slot, indices) * keep + gradient * add;
    updates.emplace_back(write(mean_slot, indices, mean));
    spread = rms - square(mean);
  }
  const Output change =
      cast_to(learning_rate_, variable) * gradient * rsqrt(spread + cast_to(epsilon_, variable));
  const Output momentum = read(momentum_slot, indices) * cast_to(momentum_, variable) + change;
  updates.emplace_back(write(momentum_slot, indices, momentum));
  updates.emplace_back(write(variable, indices, read(variable, indices) - momentum));
  return group(updates);
}

}  // namespace tenon::train
