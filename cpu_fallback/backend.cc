// The CPU backend: devices that compute in host memory on threads of their own.
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "core/backend/backend.h"
#include "core/base/strings.h"
#include "core/tensor/buffer.h"
#include "cpu_fallback/cpu_queue.h"

namespace tenon::cpu {

using internal::Backend;
using internal::Device;
using internal::DeviceOptions;
using internal::Event;
using internal::Kernel;
using internal::KernelRegistration;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Queue;

// Generated: calls register_<stem>(registry) of every file of cpu_fallback/kernels.
void register_all_cpu_kernels(KernelRegistry& registry);

namespace {

size_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(page) : 0;
}

// Before each block of memory lies its size, in as many bytes as keep the block aligned.
constexpr size_t kHeader = internal::kAlignment;

class CpuDevice : public Device {
 public:
  CpuDevice(const KernelRegistry& kernels, std::string name, const DeviceOptions& options)
      : kernels_(kernels),
        name_(std::move(name)),
        limit_(options.memory_limit != 0 ? options.memory_limit : physical_memory()),
        limited_(options.memory_limit != 0),
        pool_(options.threads > 0 ? options.threads : internal::default_thread_count()) {}

  const std::string& name() const noexcept override { return name_; }
  size_t memory_limit() const noexcept override { return limit_; }
  bool host_memory() const noexcept override { return true; }

  void* allocate(size_t bytes) override {
    reserve(bytes);
    char* block = nullptr;
    try {
      internal::require<ResourceExhaustedError>(
          bytes <= SIZE_MAX - kHeader, ErrorKind::resource_exhausted, "Out of memory: ", bytes,
          " bytes on ", name_, " are more than can be addressed");
      block = static_cast<char*>(internal::allocate_host(kHeader + bytes));
    } catch (...) {
      used_ -= bytes;
      throw;
    }
    std::memcpy(block, &bytes, sizeof bytes);
    return block + kHeader;
  }

  void release(void* memory) noexcept override {
    if (memory == nullptr) return;
    char* block = static_cast<char*>(memory) - kHeader;
    size_t bytes = 0;
    std::memcpy(&bytes, block, sizeof bytes);
    used_ -= bytes;
    internal::free_host(block);
  }

  void copy(void* to, const void* from, size_t bytes, Queue&) override {
    if (bytes != 0) std::memmove(to, from, bytes);
  }
  std::unique_ptr<Queue> make_queue() override { return std::make_unique<CpuQueue>(pool_); }
  std::unique_ptr<Queue> adopt_queue(void*) override { return make_queue(); }
  std::unique_ptr<Event> make_event() override { return std::make_unique<Event>(); }
  // Work is done when its launch returns, so that there is never anything to wait for.
  void record(Queue&, Event&) override {}
  void wait_for(Queue&, const Event&) override {}
  void wait(Queue&) override {}

  Kernel prepare(const KernelRequest& request, DType dtype) override {
    const KernelRegistration* found = kernels_.find(request.op, dtype);
    internal::require<UnimplementedError>(found != nullptr, ErrorKind::no_kernel,
                                          "No kernel of operation ", request.op,
                                          " is registered for dtype ", dtype, " on ", name_);
    internal::require<UnimplementedError>(request.epilogue.empty() || found->epilogues,
                                          ErrorKind::no_kernel, "The kernel of ", request.op,
                                          " on ", name_, " takes no bias and no activation");
    Kernel kernel = found->prepare(request);
    if (kernel.module.empty()) kernel.module = "cpu";
    return kernel;
  }

 private:
  void reserve(size_t bytes) {
    size_t used = used_.load();
    do {
      internal::require<ResourceExhaustedError>(
          !limited_ || (used <= limit_ && bytes <= limit_ - used), ErrorKind::resource_exhausted,
          "Out of memory: ", bytes, " bytes on ", name_, " can't be had; ", used, " of ", limit_,
          " bytes are in use");
    } while (!used_.compare_exchange_weak(used, used + bytes));
  }

  const KernelRegistry& kernels_;
  const std::string name_;
  const size_t limit_;
  const bool limited_;
  std::atomic<size_t> used_ = 0;
  internal::ThreadPool pool_;
};

class CpuBackend : public Backend {
 public:
  CpuBackend() { register_all_cpu_kernels(kernels_); }
  std::string_view device_type() const noexcept override { return "CPU"; }
  int device_count() const noexcept override { return 1; }
  const KernelRegistry& kernels() const noexcept override { return kernels_; }
  std::unique_ptr<Device> open(int index, const std::string& name,
                               const DeviceOptions& options) override {
    internal::require<InvalidArgumentError>(index == 0, ErrorKind::bad_device, "There is no CPU ",
                                            index, "; there is one, number 0");
    return std::make_unique<CpuDevice>(kernels_, name, options);
  }

 private:
  KernelRegistry kernels_;
};

}  // namespace
}  // namespace tenon::cpu

namespace tenon::internal {

Backend& cpu_backend() {
  static cpu::CpuBackend backend;
  return backend;
}

}  // namespace tenon::internal
