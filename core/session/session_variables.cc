#include "core/session/session_variables.h"

#include <map>

namespace tenon::internal {

VariableStorage& SessionVariables::at(const Node& variable, Device& device) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<VariableStorage>& storage = storages_[variable.id];
  if (!storage) {
    const auto shared = variable.attrs.get<std::string>("shared_name");
    storage = transport_.variable({.device = device.name(),
                                   .container = variable.attrs.get<std::string>("container"),
                                   .type = variable.type(),
                                   .name = shared.empty() ? variable.name : shared},
                                  device);
  }
  return *storage;
}

std::vector<Allocation> SessionVariables::allocations() const {
  std::map<int, std::shared_ptr<VariableStorage>> storages;
  {
    std::lock_guard lock(mutex_);
    storages.insert(storages_.begin(), storages_.end());
  }
  std::vector<Allocation> allocations;
  for (const auto& [id, storage] : storages) {
    const VariableAccess access(*storage, Access::kRead);
    if (!storage->initialized()) continue;
    allocations.push_back({.variable = storage->name(),
                           .device = storage->device().name(),
                           .dtype = storage->value.dtype(),
                           .shape = storage->value.shape(),
                           .bytes = storage->value.bytes()});
  }
  return allocations;
}

}  // namespace tenon::internal
