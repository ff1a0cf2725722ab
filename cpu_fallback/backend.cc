// The CPU backend: devices that compute in host memory on threads of their own.
#include "core/backend/backend.h"

#include "core/base/check.h"
#include "cpu_fallback/cpu_device.h"

namespace tenon::cpu {

// Generated: calls register_<stem>(registry) of every file of cpu_fallback/kernels.
void register_all_cpu_kernels(internal::KernelRegistry& registry);

namespace {

class CpuBackend : public internal::Backend {
 public:
  CpuBackend() { register_all_cpu_kernels(kernels_); }
  std::string_view device_type() const noexcept override { return "CPU"; }
  int device_count() const noexcept override { return 1; }
  const internal::KernelRegistry& kernels() const noexcept override { return kernels_; }
  std::unique_ptr<internal::Device> open(int index, const std::string& name,
                                         const internal::DeviceOptions& options) override {
    internal::require<InvalidArgumentError>(index == 0, ErrorKind::bad_device, "There is no CPU ",
                                            index, "; there is one, number 0");
    return std::make_unique<CpuDevice>(kernels_, name, options);
  }

 private:
  internal::KernelRegistry kernels_;
};

}  // namespace
}  // namespace tenon::cpu

namespace tenon::internal {

Backend& cpu_backend() {
  static cpu::CpuBackend backend;
  return backend;
}

}  // namespace tenon::internal
