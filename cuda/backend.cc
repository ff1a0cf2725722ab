// The CUDA backend, and the module's entry point.
#include "core/backend/backend.h"

#include "core/backend/module.h"
#include "core/base/check.h"
#include "cuda/cuda_device.h"
#include "cuda/process_end.h"

namespace tenon::cuda {

// Generated: calls register_<stem>(registry) of every file of cuda/kernels.
void register_all_cuda_kernels(internal::KernelRegistry& registry);

namespace {

class CudaBackend : public internal::Backend {
 public:
  CudaBackend() { register_all_cuda_kernels(kernels_); }
  std::string_view device_type() const noexcept override { return "GPU"; }

  int device_count() const noexcept override {
    int count = 0;  // left as it is where there is no driver
    if (cudaGetDeviceCount(&count) != cudaSuccess) count = 0;
    forget_error();
    return count;
  }

  const internal::KernelRegistry& kernels() const noexcept override { return kernels_; }

  std::unique_ptr<internal::Device> open(int index, const std::string& name,
                                         const internal::DeviceOptions& options) override {
    const int count = device_count();
    internal::require<InvalidArgumentError>(index >= 0 && index < count, ErrorKind::bad_device,
                                            "There is no GPU ", index, "; there are ", count);
    return std::make_unique<CudaDevice>(kernels_, index, name, options);
  }

 private:
  internal::KernelRegistry kernels_;
};

// Throws where there is a driver, but one that is too old for the runtime that this module was
// linked with: the reason is then told instead of a machine without GPUs being found.
void check_driver() {
  int version = 0, count = 0;
  const bool there = cudaDriverGetVersion(&version) == cudaSuccess && version > 0;
  const cudaError_t answer = there ? cudaGetDeviceCount(&count) : cudaSuccess;
  forget_error();
  internal::require<RuntimeError>(answer != cudaErrorInsufficientDriver, ErrorKind::device_failed,
                                  "the NVIDIA driver is one for CUDA ", version / 1000, ".",
                                  version / 10 % 100, ", which is too old for CUDA ",
                                  CUDART_VERSION / 1000, ".", CUDART_VERSION / 10 % 100);
}

internal::Backend* backend() {
  static auto* backend = new CudaBackend;  // never destroyed: devices may outlive statics
  return backend;
}

}  // namespace
}  // namespace tenon::cuda

extern "C" __attribute__((visibility("default"))) const tenon::internal::ModuleApi*
tenon_module_entry() {
  static const tenon::internal::ModuleApi api{.abi = TENON_MODULE_ABI,
                                              .backend = tenon::cuda::backend};
  tenon::cuda::check_driver();
  return &api;
}
