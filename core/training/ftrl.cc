// Follow the regularized leader, proximal (McMahan et al., 2013).
#include "core/base/check.h"
#include "core/training/apply.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

FtrlOptimizer::FtrlOptimizer(const FtrlOptions& options)
    : Optimizer(options.name, options.use_locking, options.slots_ignore_reuse), options_(options) {
  const auto require_not_negative = [](double value, const char* name) {
    internal::require<ValueError>(value >= 0, ErrorKind::bad_argument, name, " ", value,
                                  " needs to be positive or zero");
  };
  require_not_negative(options.initial_accumulator_value, "initial_accumulator_value");
  internal::require<ValueError>(options.learning_rate_power <= 0, ErrorKind::bad_argument,
                                "learning_rate_power ", options.learning_rate_power,
                                " needs to be negative or zero");
  require_not_negative(options.l1_regularization_strength, "l1_regularization_strength");
  require_not_negative(options.l2_regularization_strength, "l2_regularization_strength");
  require_not_negative(options.l2_shrinkage_regularization_strength,
                       "l2_shrinkage_regularization_strength");
}

void FtrlOptimizer::create_slots(const std::vector<Variable>& variables) {
  const auto name_or = [&](const std::string& name) { return name.empty() ? get_name() : name; };
  for (const Variable& variable : variables) {
    slot_with_initializer(variable, constant_initializer(options_.initial_accumulator_value),
                          "accum", name_or(options_.accum_name));
    zeros_slot(variable, "linear", name_or(options_.linear_name));
  }
}

void FtrlOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
  l1_ = as_scalar(options_.l1_regularization_strength, "l1_regularization_strength");
  l2_ = as_scalar(options_.l2_regularization_strength, "l2_regularization_strength");
  // beta is the same as more of the L2 penalty.
  if (options_.beta > 0) l2_ = l2_ + options_.beta / (2.0 * maximum(learning_rate_, 1e-36));
  shrinkage_ = as_scalar(options_.l2_shrinkage_regularization_strength,
                         "l2_shrinkage_regularization_strength");
  power_ = as_scalar(options_.learning_rate_power, "learning_rate_power");
}

Operation FtrlOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  if (options_.l2_shrinkage_regularization_strength > 0) return step(gradient, variable, {});
  return internal::add_update("Ftrl",
                              {variable, get_slot(variable, "accum"), get_slot(variable, "linear")},
                              {gradient, cast_to(learning_rate_, variable), cast_to(l1_, variable),
                               cast_to(l2_, variable), cast_to(power_, variable)},
                              {{"use_locking", use_locking()}});
}

Operation FtrlOptimizer::apply_sparse(const SparseGradient& gradient, const Variable& variable) {
  return step(gather(gradient.dense, gradient.indices), variable, gradient.indices);
}

Operation FtrlOptimizer::step(const Output& gradient, const Variable& variable,
                              const Output& indices) {
  const Variable accum_slot = get_slot(variable, "accum");
  const Variable linear_slot = get_slot(variable, "linear");
  const Output value = read(variable, indices), old = read(accum_slot, indices);
  const Output rate = cast_to(learning_rate_, variable), l1 = cast_to(l1_, variable);
  const Output accum = old + square(gradient);
  const Output power = -cast_to(power_, variable);
  const Output root = pow(accum, power), old_root = pow(old, power);
  const Output shrunk = gradient + 2.0 * cast_to(shrinkage_, variable) * value;
  const Output linear = read(linear_slot, indices) + shrunk - (root - old_root) / rate * value;
  const Output quadratic = root / rate + 2.0 * cast_to(l2_, variable);
  const Output updated = (clip_by_value(linear, -l1, l1) - linear) / quadratic;
  return group({write(accum_slot, indices, accum), write(linear_slot, indices, linear),
                write(variable, indices, updated)});
}

}  // namespace tenon::train
