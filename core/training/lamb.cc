// Lamb (You et al., 2020): Adam's steps, each variable's made as long as its own norm wants.
#include <algorithm>
#include <string>
#include <vector>

#include "core/graph/name_pattern.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/optimizers.h"

namespace tenon::train {
namespace {

bool any_found(const std::vector<std::string>& patterns, const std::string& name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    const internal::NamePattern expression("What Lamb leaves out", pattern);
    return !expression.find(name, 0).empty();
  });
}

void check(const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const internal::NamePattern expression("What Lamb leaves out", pattern);
  }
}

Output norm_of(const Output& x) { return sqrt(reduce_sum(square(x))); }

}  // namespace

LambOptimizer::LambOptimizer(const LambOptions& options)
    : AdamOptimizer({.learning_rate = options.learning_rate,
                     .beta1 = options.beta1,
                     .beta2 = options.beta2,
                     .epsilon = options.epsilon,
                     .use_locking = options.use_locking,
                     .name = options.name,
                     .slots_ignore_reuse = options.slots_ignore_reuse}),
      weight_decay_(options.weight_decay),
      not_decaying_(options.exclude_from_weight_decay),
      not_adapted_(options.exclude_from_layer_adaptation.value_or(not_decaying_)) {
  check(not_decaying_);
  check(not_adapted_);
}

void LambOptimizer::prepare() {
  AdamOptimizer::prepare();
  decay_ = as_scalar(weight_decay_, "weight_decay");
}

Operation LambOptimizer::apply_dense(const Output& gradient, const Variable& variable) {
  const auto in_dtype = [&](const Output& scalar) { return cast_to(scalar, variable); };
  const Output beta1 = in_dtype(beta1_), beta2 = in_dtype(beta2_);
  const Variable m = get_slot(variable, "m"), v = get_slot(variable, "v");
  const Output value = read(variable, {});
  const Output mean = beta1 * read(m, {}) + (1.0 - beta1) * gradient;
  const Output mean_square = beta2 * read(v, {}) + (1.0 - beta2) * square(gradient);
  const Output corrected = mean / (1.0 - in_dtype(get_non_slot("beta1_power")));
  const Output root = sqrt(mean_square / (1.0 - in_dtype(get_non_slot("beta2_power"))));
  Output step = corrected / (root + in_dtype(epsilon_));
  if (!any_found(not_decaying_, variable.op().name())) step = step + in_dtype(decay_) * value;
  Output rate = in_dtype(learning_rate_);
  if (!any_found(not_adapted_, variable.op().name())) {
    const Output of_value = norm_of(value), of_step = norm_of(step), one = ones_like(of_step);
    const Output has_both = logical_and(greater(of_value, 0), greater(of_step, 0));
    rate = rate * where(has_both, of_value / of_step, one);
  }
  return group(
      {write(m, {}, mean), write(v, {}, mean_square), write(variable, {}, value - rate * step)});
}

}  // namespace tenon::train
