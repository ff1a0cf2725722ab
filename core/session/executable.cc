#include "core/session/executable.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/strings.h"

namespace tenon::internal {
namespace {

void check_declaration(const BoundVariable& variable) {
  const VariableStorage& storage = *variable.storage;
  const Node& node = *variable.node;
  const Tensor& value = storage.value;
  if (value.dtype() != variable.dtype) {
    fail<InvalidArgumentError>(ErrorKind::dtype_incompatible, "Output 0 of type ", value.dtype(),
                               " does not match declared output type ", variable.dtype,
                               " for node ", node.name, ": another graph made this variable of ",
                               storage.device().name(), " as ", value.dtype(), ". It is ",
                               described(node));
  }
  if (variable.declared.compatible_with(value.shape()) || storage.reshaped) return;
  const bool replaced = variable.access == Access::kWrite && !variable.must_be_initialized;
  if (replaced && node.output_dtypes[0] == DType::resource) return;
  fail<InvalidArgumentError>(
      ErrorKind::shape_incompatible,
      replaced ? str("Assign requires shapes of both tensors to match. lhs shape= ", value.shape(),
                     " rhs shape= ", variable.declared, ": variable ")
               : "Variable ",
      node.name, " of ", storage.device().name(), " has a value of shape ", value.shape(),
      " from another graph; this one declares it ", variable.declared, ". It is ", described(node));
}

}  // namespace

bool Executable::takes(std::span<const Tensor> feeds, bool keep_on_device) const {
  if (keep_on_device != request.keep_on_device) return false;
  if (!(modes == FloatingPointModes::of_this_thread())) return false;
  for (size_t i = 0; i < feeds.size(); ++i) {
    const PlanRequest::FedValue& planned = request.feeds[i];
    if (planned.dtype != feeds[i].dtype() || planned.shape != feeds[i].shape() ||
        feed_devices[i] != &feeds[i].device()) {
      return false;
    }
  }
  return true;
}

bool Executable::fits_variables() const {
  return std::none_of(variables.begin(), variables.end(), [](const BoundVariable& one) {
    const VariableStorage& storage = *one.storage;
    if (one.declared.fully_defined() && !storage.reshaped) return one.planned != one.declared;
    return one.planned != (storage.initialized() ? storage.value.shape() : Shape::unknown());
  });
}

void Executable::check_declarations() const {
  for (const BoundVariable& variable : variables) {
    if (variable.storage->initialized()) check_declaration(variable);
  }
}

void Executable::check_initialized() const {
  std::vector<std::string> missing;
  for (const BoundVariable& variable : variables) {
    if (variable.must_be_initialized && !variable.is_initialized()) {
      missing.push_back(str(variable.node->name, " (made at ", variable.node->made_at, ")"));
    }
  }
  if (missing.empty()) return;
  std::sort(missing.begin(), missing.end());
  fail<FailedPreconditionError>(
      ErrorKind::uninitialized, "Attempting to use uninitialized value ", missing[0],
      ". This run needs ", missing.size(),
      missing.size() == 1 ? " variable that has not been initialised: "
                          : " variables that have not been initialised: ",
      join(missing), ". Run tenon::global_variables_initializer() or their initializer() first");
}

}  // namespace tenon::internal
