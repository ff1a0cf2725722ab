// Identity and its kin, operations that only order others, and CheckNumerics.

#include <map>

#include "core/base/check.h"
#include "core/ops/argument_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"

namespace tenon {
namespace internal {
namespace {

Outputs check_numerics_gradient(const Operation& op, const Outputs& dy) {
  return {
      check_numerics(dy[0], "Not a number (NaN) or infinity (Inf) values detected in gradient. " +
                                op.node()->attrs.get<std::string>("message"))};
}

std::optional<Tensor> pass_value(const ShapeContext& context) {
  const Tensor value = context.value(0);
  return value ? std::optional(value) : std::nullopt;
}

Shapes shape_like_second(const ShapeContext& context) {
  return {
      of_shape(context.inputs[0], context.inputs[1], "the gradient that was given for a result")};
}

Outputs of_shape_gradient(const Operation&, const Outputs& dy) { return {dy[0], Output()}; }

Shapes shapes_of_all(const ShapeContext& context) { return context.inputs; }

OpDef identity_op(const char* name, GradientFunction gradient) {
  return {.name = name,
          .inputs = {"input: T"},
          .outputs = {"output: T"},
          .shape = shape_of_first,
          .gradient = gradient,
          .differentiable = gradient != nullptr,
          .value = pass_value};
}

Operation wait_for(const std::vector<ControlInput>& inputs, const std::string& name,
                   Location where) {
  const ScopeGuard after = control_dependencies(inputs);
  return no_op({.name = name}, where);
}

}  // namespace

void register_array_identity(OpRegistry& ops) {
  OpDef identity = identity_op("Identity", pass_gradient);
  identity.shape_value = shape_value_of_first;
  identity.action = PlanAction::kPassOn;
  ops.add(std::move(identity));
  ops.add({.name = "IdentityN",
           .inputs = {"input: list(T)"},
           .outputs = {"output: list(T)"},
           .shape = shapes_of_all,
           .gradient = [](const Operation&, const Outputs& dy) { return dy; },
           .action = PlanAction::kPassOn});
  for (const char* name : {"StopGradient", "PreventGradient"}) {
    OpDef gradientless = identity_op(name, nullptr);
    gradientless.action = PlanAction::kPassOn;
    ops.add(std::move(gradientless));
  }
  ops.add({.name = "NoOp", .shape = no_outputs, .action = PlanAction::kNothing});
  ops.add({.name = "CheckNumerics",
           .inputs = {"tensor: T"},
           .outputs = {"output: T"},
           .types = {{"T", kFloats}},
           .shape = shape_of_first,
           .gradient = check_numerics_gradient});
  // Its first input, which must have the shape of the second.
  ops.add({.name = "_OfShape",
           .inputs = {"value: T", "like: U"},
           .outputs = {"output: T"},
           .shape = shape_like_second,
           .gradient = of_shape_gradient,
           .shape_only = {1},
           .action = PlanAction::kPassOn});
}

}  // namespace internal

Output identity(Input input, const OpOptions& options) {
  return internal::add_output("Identity", {input}, {.name = options.name});
}

std::vector<Output> identity_n(const Inputs& inputs, const OpOptions& options) {
  return internal::outputs_of(
      internal::add_operation("IdentityN", {inputs}, {.name = options.name}));
}

Output stop_gradient(Input input, const OpOptions& options) {
  return internal::add_output("StopGradient", {input}, {.name = options.name});
}

Operation no_op(const OpOptions& options, Location where) {
  return internal::add_operation("NoOp", {}, {.name = options.name, .where = where});
}

// One operation a device, and one that waits for these, as TensorFlow's: so that a run waits for
// one signal of each device.
Operation group(const ControlInputs& inputs, const OpOptions& options, Location where) {
  const internal::CallerLine line(where);
  std::optional<ScopeGuard> graph;
  if (!inputs.empty()) graph.emplace(inputs[0].op().graph().enter_as_default());
  const internal::OpScope scope(options.name, "group_deps");
  std::map<std::string, std::vector<ControlInput>> by_device;
  for (const ControlInput& input : inputs) by_device[input.op().device()].push_back(input);
  if (by_device.empty()) return no_op({.name = scope.name()}, where);
  if (by_device.size() == 1) {
    const auto& [on, operations] = *by_device.begin();
    if (on.empty()) return internal::wait_for(operations, scope.name(), where);
    const ScopeGuard there = device(on);
    return internal::wait_for(operations, scope.name(), where);
  }
  std::vector<ControlInput> parts;
  for (const auto& [on, operations] : by_device) {
    const ScopeGuard there = device(on);
    parts.push_back(internal::wait_for(operations, "NoOp", where));
  }
  return internal::wait_for(parts, scope.name(), where);
}

std::vector<Output> tuple(const Inputs& inputs, const ControlInputs& control_inputs,
                          const OpOptions& options, Location where) {
  const internal::CallerLine line(where);
  const std::vector<Output> tensors = internal::as_outputs(inputs);
  std::vector<Input> present;
  for (const Output& tensor : tensors) {
    if (tensor) present.push_back(tensor);
  }
  internal::require<ValueError>(!present.empty(), ErrorKind::bad_argument,
                                "Must have at least one Tensor");
  const internal::OpScope scope(options.name, "tuple", present);
  std::vector<ControlInput> all;
  for (const Input& tensor : present) all.push_back(tensor.output());
  all.insert(all.end(), control_inputs.begin(), control_inputs.end());
  const Operation gate = group(all);
  const ScopeGuard after = control_dependencies({gate});
  std::vector<Output> results;
  for (const Output& tensor : tensors) {
    results.push_back(tensor ? identity(tensor, {.name = "control_dependency"}) : Output());
  }
  return results;
}

Output check_numerics(Input tensor, const std::string& message, const OpOptions& options) {
  return internal::add_output("CheckNumerics", {tensor},
                              {.name = options.name, .attrs = {{"message", message}}});
}

}  // namespace tenon
