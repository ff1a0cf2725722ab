// Modules for tests: one that works, and by the definitions given, one made for other headers, one
// that needs a library and one that can't be used here.
#include <stdexcept>

#include "core/backend/module.h"

#ifdef NEEDS_A_LIBRARY
int number_of_a_library();
#endif

namespace {

const tenon::internal::KernelRegistry* kernels() {
  static const auto* registry = [] {
    auto* filled = new tenon::internal::KernelRegistry;
    // Wants as many bytes as its first input says.
    filled->add("OfAModule", tenon::DType::float32,
                [](const tenon::internal::KernelRequest& request) {
                  const int32_t bytes = request.value(0).scalar<int32_t>();
                  return tenon::internal::Kernel{.workspace_bytes = static_cast<size_t>(bytes)};
                });
    return filled;
  }();
  return registry;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tenon::internal::ModuleApi*
tenon_module_entry() {
#ifdef REFUSES
  throw std::runtime_error("the driver is too old");
#endif
  static tenon::internal::ModuleApi api{.abi = TENON_MODULE_ABI, .kernels = kernels};
#ifdef FOR_OTHER_HEADERS
  api.abi += 1;
#endif
#ifdef NEEDS_A_LIBRARY
  api.abi += static_cast<uint64_t>(number_of_a_library());
#endif
  return &api;
}
