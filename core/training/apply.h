// The operations that update a variable, of either kind.
#pragma once

#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "tenon/array_ops.h"
#include "tenon/variable.h"

namespace tenon::internal {

// The argument, of a shape that shows only when it is run where it isn't the variable's: there
// TensorFlow's updates of resources find it, but for plain descent and ProximalAdagrad.
inline Output with_late_shape(const Output& argument, const Variable& variable) {
  const Shape shape = argument.shape();
  if (shape.rank() == 0 || shape.compatible_with(variable.shape())) return argument;
  return placeholder_with_default(argument, Shape::unknown());
}

// Adds Apply<method>, or ResourceApply<method> of resource variables: first what it writes (the
// variable and its slots), then the other arguments.
inline Operation add_update(const std::string& method, const std::vector<Variable>& written,
                            const std::vector<Output>& arguments, AttrMap attrs = {}) {
  const Variable& variable = written.front();
  const bool late =
      variable.is_resource() && method != "GradientDescent" && method != "ProximalAdagrad";
  std::vector<InputList> inputs;
  for (const Variable& each : written) inputs.emplace_back(each.handle());
  for (const Output& argument : arguments) {
    inputs.emplace_back(late ? with_late_shape(argument, variable) : argument);
  }
  const std::string prefix = variable.is_resource() ? "ResourceApply" : "Apply";
  return add_operation(prefix + method, inputs, {.attrs = std::move(attrs)});
}

}  // namespace tenon::internal
