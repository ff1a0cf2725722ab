// The module's entry: a table of kernels that are asked before the CPU backend's own.
#include "core/backend/module.h"

#include "onednn/kernels.h"

namespace tenon::onednn {

void register_math_matmul(internal::KernelRegistry& kernels);
void register_nn_conv(internal::KernelRegistry& kernels);

namespace {

const internal::KernelRegistry* kernels() {
  static const internal::KernelRegistry* const table = [] {
    auto* made = new internal::KernelRegistry;  // lives as long as the process
    register_math_matmul(*made);
    register_nn_conv(*made);
    return made;
  }();
  return table;
}

}  // namespace
}  // namespace tenon::onednn

extern "C" TENON_API const tenon::internal::ModuleApi* tenon_module_entry() {
  static const tenon::internal::ModuleApi api = {.abi = tenon::internal::module_abi(),
                                                 .kernels = tenon::onednn::kernels};
  return &api;
}
