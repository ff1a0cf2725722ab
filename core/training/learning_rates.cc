#include "tenon/learning_rates.h"

#include <numbers>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "tenon/math_ops.h"

namespace tenon::train {
namespace {

using internal::as_output;
using internal::require;

// What all schedules begin with: the learning rate, and the step in its dtype.
struct Schedule {
  Schedule(const std::string& name, const char* default_name, const Input& learning_rate,
           const Input& global_step)
      : line(learning_rate.where()),
        scope(name_scope(name.empty() ? default_name : name, {})),
        rate(as_output(learning_rate, "initial_learning_rate")),
        step(convert(global_step)) {}

  // An argument in the learning rate's dtype.
  Output convert(const Input& argument) const {
    return argument.is_output() ? cast(argument, rate.dtype())
                                : as_output(argument, "Const", rate.dtype());
  }

  internal::CallerLine line;
  NameScope scope;
  Output rate;
  Output step;
};

Output choose(const Output& condition, const Output& x, const Output& y) {
  return internal::add_output("SelectV2", {condition, x, y});
}

}  // namespace

Output exponential_decay(const Input& learning_rate, const Input& global_step,
                         const ExponentialDecayOptions& options) {
  const Schedule s(options.name, "ExponentialDecay", learning_rate, global_step);
  Output p = s.step / s.convert(options.decay_steps);
  if (options.staircase) p = floor(p);
  return multiply(s.rate, pow(s.convert(options.decay_rate), p), {.name = s.scope.name()});
}

Output natural_exp_decay(const Input& learning_rate, const Input& global_step,
                         const ExponentialDecayOptions& options) {
  const internal::CallerLine line(learning_rate.where());
  const Output rate = exp(negative(as_output(options.decay_rate, "decay_rate")));
  return exponential_decay(learning_rate, global_step,
                           {.decay_steps = options.decay_steps,
                            .decay_rate = rate,
                            .staircase = options.staircase,
                            .name = options.name});
}

Output inverse_time_decay(const Input& learning_rate, const Input& global_step,
                          const ExponentialDecayOptions& options) {
  const Schedule s(options.name, "InverseTimeDecay", learning_rate, global_step);
  Output p = s.step / s.convert(options.decay_steps);
  if (options.staircase) p = floor(p);
  const Output divisor = add(s.convert(1), multiply(s.convert(options.decay_rate), p));
  return divide(s.rate, divisor, {.name = s.scope.name()});
}

Output polynomial_decay(const Input& learning_rate, const Input& global_step,
                        const PolynomialDecayOptions& options) {
  const Schedule s(options.name, "PolynomialDecay", learning_rate, global_step);
  const Output end = s.convert(options.end_learning_rate);
  const Output power = s.convert(options.power);
  Output steps = s.convert(options.decay_steps);
  Output step = s.step;
  if (options.cycle) {
    // The first multiple of decay_steps that isn't below the step; at step 0 the first of all.
    const Output cycles = choose(equal(step, 0), s.convert(1), ceil(step / steps));
    steps = multiply(steps, cycles);
  } else {
    step = minimum(step, steps);
  }
  const Output p = divide(step, steps);
  return add(multiply(s.rate - end, pow(1 - p, power)), end, {.name = s.scope.name()});
}

Output cosine_decay(const Input& learning_rate, const Input& global_step,
                    const CosineDecayOptions& options) {
  const Schedule s(options.name, "CosineDecay", learning_rate, global_step);
  const Output steps = s.convert(options.decay_steps);
  const Output completed = minimum(s.step, steps) / steps;
  const Output cosine = 0.5 * (1.0 + cos(std::numbers::pi * completed));
  return multiply(s.rate, (1 - options.alpha) * cosine + options.alpha);
}

Output cosine_decay_restarts(const Input& learning_rate, const Input& global_step,
                             const CosineDecayRestartsOptions& options) {
  const Schedule s(options.name, "SGDRDecay", learning_rate, global_step);
  const Output longer = s.convert(options.t_mul), higher = s.convert(options.m_mul);
  const Output at = s.step / s.convert(options.first_decay_steps);  // in first periods
  // How often it has started again, and which share of the period is over: by the sum of a
  // geometric series, which divides by zero where all periods are of one length.
  const Output equal_restarts = floor(at);
  const Output restarts = floor(log(1.0 - at * (1.0 - longer)) / log(longer));
  const Output periods = (1.0 - pow(longer, restarts)) / (1.0 - longer);
  const Output of_one_length = equal(longer, 1.0);
  const Output restart = choose(of_one_length, equal_restarts, restarts);
  const Output share =
      choose(of_one_length, at - equal_restarts, (at - periods) / pow(longer, restarts));
  const Output cosine = 0.5 * pow(higher, restart) * (1.0 + cos(std::numbers::pi * share));
  return multiply(s.rate, (1 - options.alpha) * cosine + options.alpha, {.name = s.scope.name()});
}

Output linear_cosine_decay(const Input& learning_rate, const Input& global_step,
                           const LinearCosineDecayOptions& options) {
  const Schedule s(options.name, "LinearCosineDecay", learning_rate, global_step);
  const Output steps = s.convert(options.decay_steps);
  const Output step = minimum(s.step, steps);
  const Output line = (steps - step) / steps;
  const Output periods = 2.0 * s.convert(options.num_periods) * (step / steps);
  const Output cosine = 0.5 * (1.0 + cos(std::numbers::pi * periods));
  const Output shape = (s.convert(options.alpha) + line) * cosine + s.convert(options.beta);
  return multiply(s.rate, shape, {.name = s.scope.name()});
}

Output piecewise_constant(const Input& x, const PiecewiseConstantOptions& options) {
  require<ValueError>(!options.boundaries.empty(), ErrorKind::bad_argument,
                      "piecewise_constant needs a boundary at least: with none, use the value.");
  require<ValueError>(options.values.size() == options.boundaries.size() + 1,
                      ErrorKind::bad_argument, "piecewise_constant needs one value more than ",
                      "boundaries: it has ", options.boundaries.size(), " boundaries and ",
                      options.values.size(), " values.");
  const internal::CallerLine line(x.where());
  auto scope = name_scope(options.name.empty() ? "PiecewiseConstant" : options.name, {});
  const Output at = as_output(x, "x");
  std::vector<Output> boundaries, values;
  for (const Input& boundary : options.boundaries) {
    Output converted = as_output(boundary, "boundary");
    if (converted.dtype() == int32 && at.dtype() == int64) converted = cast(converted, int64);
    require<ValueError>(converted.dtype() == at.dtype(), ErrorKind::shape_incompatible,
                        "Boundaries (", to_string(converted.dtype()),
                        ") must have the same dtype as x (", to_string(at.dtype()), ").");
    boundaries.push_back(converted);
  }
  for (const Input& value : options.values) {
    values.push_back(as_output(value, "value"));
    require<ValueError>(
        values.back().dtype() == values.front().dtype(), ErrorKind::shape_incompatible,
        "Values must have elements all with the same dtype (", to_string(values.front().dtype()),
        " vs ", to_string(values.back().dtype()), ").");
  }
  Output result = values.back();
  for (size_t i = boundaries.size(); i-- > 0;) {
    result = choose(less_equal(at, boundaries[i]), values[i], result);
  }
  return result;
}

}  // namespace tenon::train
