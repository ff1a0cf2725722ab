// Adagrad with dual averaging (Duchi et al., 2011): the variable is computed from the sums of all
// gradients alone.
#include <vector>

#include "core/base/check.h"
#include "core/training/apply.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {

AdagradDAOptimizer::AdagradDAOptimizer(const AdagradDAOptions& options)
    : Optimizer(options.name, options.use_locking, options.slots_ignore_reuse), options_(options) {
  internal::require<ValueError>(options.initial_gradient_squared_accumulator_value > 0,
                                ErrorKind::bad_argument,
                                "initial_gradient_squared_accumulator_value must be positive: ",
                                options.initial_gradient_squared_accumulator_value);
}

void AdagradDAOptimizer::create_slots(const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) {
    zeros_slot(variable, "gradient_accumulator", get_name());
    slot_with_initializer(variable,
                          constant_initializer(options_.initial_gradient_squared_accumulator_value),
                          "gradient_squared_accumulator", get_name());
  }
}

void AdagradDAOptimizer::prepare() {
  learning_rate_ = as_scalar(options_.learning_rate, "learning_rate");
  l1_ = as_scalar(options_.l1_regularization_strength, "l1_regularization_strength");
  l2_ = as_scalar(options_.l2_regularization_strength, "l2_regularization_strength");
  global_step_ = identity(options_.global_step) + 1;
}

Operation AdagradDAOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  return internal::add_update("AdagradDA",
                              {variable, get_slot(variable, "gradient_accumulator"),
                               get_slot(variable, "gradient_squared_accumulator")},
                              {gradient, cast_to(learning_rate_, variable), cast_to(l1_, variable),
                               cast_to(l2_, variable), global_step_},
                              {{"use_locking", use_locking()}});
}

Operation AdagradDAOptimizer::apply_sparse(const SparseGradient& gradient,
                                           const Variable& variable) {
  const Output& indices = gradient.indices;
  const Output rows = gather(gradient.dense, indices);
  const Variable sum_slot = get_slot(variable, "gradient_accumulator");
  const Variable squares_slot = get_slot(variable, "gradient_squared_accumulator");
  const Output rate = cast_to(learning_rate_, variable), step = cast_to(global_step_, variable);
  const Output sum = read(sum_slot, indices) + rows;
  const Output squares = read(squares_slot, indices) + square(rows);
  const Output size = maximum(abs(sum) - cast_to(l1_, variable) * step, 0.0);
  const Output damping = cast_to(l2_, variable) * step * rate;
  const Output updated = -sign(sum) * rate * size / (damping + sqrt(squares));
  return group({write(sum_slot, indices, sum), write(squares_slot, indices, squares),
                write(variable, indices, updated)});
}

}  // namespace tenon::train
