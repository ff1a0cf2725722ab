#include "core/backend/backend_registry.h"

#include "core/base/check.h"

namespace tenon::internal {

BackendRegistry::Found BackendRegistry::find(std::string_view device_type, bool emulated) const {
  for (const BackendEntry& entry : backends_) {
    if (entry.device_type != device_type || entry.emulated != emulated) continue;
    Backend* const backend = entry.backend();
    if (backend == nullptr) continue;
    const auto libraries = libraries_.find(entry.kernels);
    if (libraries == libraries_.end()) return {.backend = backend};
    return {.backend = backend, .libraries = libraries->second};
  }
  return {};
}

std::vector<ModuleInfo> BackendRegistry::modules() const {
  std::vector<ModuleInfo> all;
  for (const auto& info : modules_) all.push_back(info());
  return all;
}

Messenger& BackendRegistry::messenger(std::string_view protocol) const {
  const auto found = messengers_.find(protocol);
  require<UnimplementedError>(found != messengers_.end(), ErrorKind::no_kernel,
                              "No server factory registered for the given ServerDef: there is no ",
                              "protocol \"", protocol, "\" in this build");
  return found->second();
}

}  // namespace tenon::internal
