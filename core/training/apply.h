// The operations that update a variable, of either kind.
#pragma once

#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "tenon/variable.h"

namespace tenon::internal {

// Adds Apply<method>, or ResourceApply<method> of resource variables: first what it writes (the
// variable and its slots), then the other arguments.
inline Operation add_update(const std::string& method, const std::vector<Variable>& written,
                            const std::vector<Output>& arguments, AttrMap attrs = {}) {
  std::vector<InputList> inputs;
  for (const Variable& variable : written) inputs.emplace_back(variable.handle());
  inputs.insert(inputs.end(), arguments.begin(), arguments.end());
  const std::string prefix = written.front().is_resource() ? "ResourceApply" : "Apply";
  return add_operation(prefix + method, inputs, {.attrs = std::move(attrs)});
}

}  // namespace tenon::internal
