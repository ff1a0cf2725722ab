#include "cpu_fallback/backend.h"

#include "core/backend/backend_registry.h"
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
  static auto* const backend = new cpu::CpuBackend;  // never destroyed: devices may outlive statics
  return *backend;
}

void register_cpu_fallback(BackendRegistry& registry) {
  registry.add({.device_type = "CPU", .kernels = "cpu", .backend = [] { return &cpu_backend(); }});
  registry.add({.device_type = "GPU", .kernels = "cpu", .emulated = true, .backend = [] {
                  return &emulated_gpu_backend();
                }});
}

}  // namespace tenon::internal
