#include "cuda/loader/loader.h"

#include "core/backend/backend_registry.h"
#include "cuda/loader/driver_probe.h"

namespace tenon {
namespace cuda {
namespace {

internal::Module open() {
  if (internal::is_set("TENON_DISABLE_CUDA")) return {.status = "TENON_DISABLE_CUDA is set"};
  const std::string missing = why_no_device();
  if (!missing.empty()) return {.status = missing};
  return internal::open_module("tenon_cuda");
}

internal::Backend* backend() {
  const internal::ModuleApi* api = module().api;
  return api == nullptr || api->backend == nullptr ? nullptr : api->backend();
}

ModuleInfo info() {
  return {.name = "cuda", .opened = module().api != nullptr, .status = module().status};
}

}  // namespace

const internal::Module& module() {
  static const internal::Module opened = open();
  return opened;
}

}  // namespace cuda

namespace internal {

void register_cuda(BackendRegistry& registry) {
  registry.add({.device_type = "GPU", .kernels = "cuda", .backend = cuda::backend});
  registry.add_module(cuda::info);
}

}  // namespace internal
}  // namespace tenon
