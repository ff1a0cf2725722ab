// Adagrad (Duchi et al., 2011): each element's rate falls with the squares that it has seen.
#include "core/base/check.h"
#include "core/training/apply.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

AdagradOptimizer::AdagradOptimizer(const AdagradOptions& options)
    : Optimizer(options.name, options.use_locking, options.slots_ignore_reuse), options_(options) {
  internal::require<ValueError>(
      options.initial_accumulator_value > 0, ErrorKind::bad_argument,
      "initial_accumulator_value must be positive: ", options.initial_accumulator_value);
}

void AdagradOptimizer::create_slots(const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) {
    slot_with_initializer(variable, constant_initializer(options_.initial_accumulator_value),
                          "accumulator", get_name());
  }
}

void AdagradOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
}

Operation AdagradOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  return internal::add_update("Adagrad", {variable, get_slot(variable, "accumulator")},
                              {cast_to(learning_rate_, variable), gradient},
                              {{"use_locking", use_locking()}});
}

Operation AdagradOptimizer::apply_sparse(const SparseGradient& gradient, const Variable& variable) {
  return step(gather(gradient.dense, gradient.indices), variable, gradient.indices);
}

Operation AdagradOptimizer::step(const Output& gradient, const Variable& variable,
                                 const Output& indices) {
  const Variable slot = get_slot(variable, "accumulator");
  const Output accumulator = read(slot, indices) + square(gradient);
  const Output change = cast_to(learning_rate_, variable) * gradient * rsqrt(accumulator);
  return group({write(slot, indices, accumulator),
                write(variable, indices, read(variable, indices) - change)});
}

}  // namespace tenon::train
