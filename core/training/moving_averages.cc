#include "tenon/moving_averages.h"

#include <set>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/training/slots.h"
#include "tenon/array_ops.h"
#include "tenon/collections.h"
#include "tenon/math_ops.h"
#include "tenon/variable_scope.h"

namespace tenon::train {
namespace {

Output value_of(const Ref& ref) {
  return ref.is_variable() ? ref.variable().value() : ref.output();
}

DType dtype_of(const Ref& ref) {
  return ref.is_variable() ? ref.variable().dtype() : ref.output().dtype();
}

// "w" of the variable w:0, "add" of the tensor add:0.
std::string plain_name(const Ref& ref) {
  return ref.is_variable() ? ref.variable().op().name() : ref.output().op().name();
}

// The average as if it had not begun with zeros: two variables of its own below its name.
Operation debiased_update(const Variable& average, const Output& value, const Output& rate) {
  auto scope = variable_scope(average.op().name());
  Variable biased, local_step;
  {
    auto nothing_before = control_dependencies(nullptr);
    auto beside = colocate_with(average.op());
    biased = get_variable("biased", {.shape = average.shape(),
                                     .dtype = average.dtype(),
                                     .initializer = zeros_initializer,
                                     .trainable = false});
    local_step = get_variable("local_step", {.shape = {},
                                             .dtype = average.dtype(),
                                             .initializer = zeros_initializer,
                                             .trainable = false});
  }
  auto beside = colocate_with(average.op());
  const Output new_biased = biased.assign_sub((biased - value) * rate);
  const Output steps = local_step.assign_add(1);
  const Output factor = 1 - pow(1 - rate, steps);
  return average.assign(new_biased / factor).op();
}

}  // namespace

ExponentialMovingAverage::ExponentialMovingAverage(const ExponentialMovingAverageOptions& options)
    : options_(options) {}

Operation ExponentialMovingAverage::apply(Location where) {
  return apply(trainable_variables(), where);
}

Operation ExponentialMovingAverage::apply(const ListOf<Ref>& variables, Location where) {
  const internal::CallerLine line(where);
  for (const Ref& ref : variables) {
    internal::require<TypeError>(is_floating(dtype_of(ref)), ErrorKind::dtype_incompatible,
                                 "The variables must be half, float, or double: ", ref.name(),
                                 " is ", to_string(dtype_of(ref)), ".");
  }
  for (const Ref& ref : variables) {
    if (find(ref) == nullptr) create(ref);
  }
  auto scope = name_scope(options_.name, {});
  Output decay = internal::as_output(options_.decay, "decay",
                                     options_.decay.is_output() ? DType::invalid : float32);
  if (options_.num_updates) {
    const Output n = cast(*options_.num_updates, float32, {.name = "num_updates"});
    decay = minimum(decay, (1.0 + n) / (10.0 + n));
  }
  std::vector<ControlInput> updates;
  for (const Ref& ref : variables) updates.emplace_back(update(*find(ref), value_of(ref), decay));
  return group(updates, {.name = scope.name()});
}

void ExponentialMovingAverage::create(const Ref& ref) {
  auto nothing_before = control_dependencies(nullptr);
  if (ref.is_variable()) {
    const Variable& variable = ref.variable();
    const Output start = variable.initialized_value();
    averages_.push_back(
        {variable.handle(), internal::create_slot_of_value(variable, start, options_.name), false});
    add_to_collection(GraphKeys::MOVING_AVERAGE_VARIABLES, variable);
    return;
  }
  averages_.push_back({ref.output(), internal::create_zeros_slot(ref.output(), options_.name),
                       options_.zero_debias});
}

Operation ExponentialMovingAverage::update(const Average& average, const Output& value,
                                           const Output& decay) {
  auto scope = name_scope("AssignMovingAvg");
  const Output rate = cast(subtract(1.0, decay, {.name = "decay"}), average.variable.dtype());
  if (average.debias) return debiased_update(average.variable, value, rate);
  auto beside = colocate_with(average.variable.op());
  const Output step = (average.variable - value) * rate;
  return average.variable.assign_sub(step, {.name = scope.name()}).op();
}

const ExponentialMovingAverage::Average* ExponentialMovingAverage::find(const Ref& ref) const {
  const Output endpoint = ref.endpoint();
  for (const Average& average : averages_) {
    if (average.of == endpoint) return &average;
  }
  return nullptr;
}

Variable ExponentialMovingAverage::average(const Ref& ref) const {
  const Average* found = find(ref);
  return found == nullptr ? Variable() : found->variable;
}

std::string ExponentialMovingAverage::average_name(const Ref& ref) const {
  if (const Average* found = find(ref)) return found->variable.op().name();
  return get_default_graph().unique_name(plain_name(ref) + "/" + options_.name, false);
}

std::map<std::string, Variable> ExponentialMovingAverage::variables_to_restore() const {
  std::vector<Variable> averaged = trainable_variables();
  for (const Variable& variable : moving_average_variables()) averaged.push_back(variable);
  return variables_to_restore(averaged);
}

std::map<std::string, Variable> ExponentialMovingAverage::variables_to_restore(
    const std::vector<Variable>& moving_avg_variables) const {
  std::map<std::string, Variable> by_name;
  std::set<std::string> averaged;
  for (const Variable& variable : moving_avg_variables) {
    by_name.insert_or_assign(average_name(variable), variable);
    averaged.insert(variable.name());
  }
  for (const Variable& variable : global_variables()) {
    if (averaged.count(variable.name()) == 0) by_name.emplace(variable.op().name(), variable);
  }
  return by_name;
}

}  // namespace tenon::train
