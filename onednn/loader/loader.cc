// What libtenon itself has of oneDNN: it opens the module for the CPU's work that is large enough.
#include <cstdlib>

#include "core/backend/backend_registry.h"
#include "core/backend/module.h"

namespace tenon {
namespace onednn {
namespace {

using internal::is_set;

// An OpenMP library that is loaded by this reads how its threads wait: never by spinning, which
// costs other programs, and us, whole slices of a busy processor's time.
internal::Module open() {
  constexpr const char* kPolicy = "OMP_WAIT_POLICY";
  const bool ours = std::getenv(kPolicy) == nullptr && setenv(kPolicy, "passive", 0) == 0;
  internal::Module module = internal::open_module("tenon_onednn");
  if (ours) unsetenv(kPolicy);
  return module;
}

// Opened when it is first asked for, also where it is disabled: that is the caller's to avoid.
const internal::Module& module() {
  static const internal::Module opened = open();
  return opened;
}

// To open the library takes a millisecond and more, which small work isn't worth.
const internal::KernelRegistry* kernels(const internal::KernelRequest& request) {
  constexpr int64_t kLeastElements = 1 << 15;
  if (is_set("TENON_DISABLE_ONEDNN")) return nullptr;
  int64_t elements = 0;
  for (const auto* specs : {&request.inputs, &request.outputs}) {
    for (const internal::TensorSpec& spec : *specs) elements += spec.shape.element_count();
  }
  if (elements < kLeastElements && !is_set("TENON_ONEDNN_ALWAYS")) return nullptr;
  const internal::ModuleApi* api = module().api;
  return api == nullptr || api->kernels == nullptr ? nullptr : api->kernels();
}

ModuleInfo info() {
  if (is_set("TENON_DISABLE_ONEDNN")) {
    return {.name = "onednn", .opened = false, .status = "TENON_DISABLE_ONEDNN is set"};
  }
  return {.name = "onednn", .opened = module().api != nullptr, .status = module().status};
}

}  // namespace
}  // namespace onednn

namespace internal {

void register_onednn(BackendRegistry& registry) {
  registry.add_library("cpu", {.name = "onednn", .kernels = onednn::kernels});
  registry.add_module(onednn::info);
}

}  // namespace internal
}  // namespace tenon
