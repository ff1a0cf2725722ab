// One GPU, opened.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "core/backend/backend.h"
#include "cuda/caching_allocator.h"
#include "cuda/cuda_queue.h"
#include "cuda/cuda_recording.h"
#include "cuda/cudnn_descriptor.h"
#include "cuda/generated_kernels.h"
#include "cuda/libraries.h"
#include "cuda/pinned_memory.h"
#include "cuda/streams_in_use.h"

namespace tenon::cuda {

// A handle that one thread has to itself while it prepares a kernel.
struct PreparingCublasLt {
  std::unique_lock<std::mutex> lock;
  cublasLtHandle_t handle = nullptr;
};

class CudaDevice : public internal::Device {
 public:
  // `index` counts as CUDA does (CUDA_VISIBLE_DEVICES).
  CudaDevice(const internal::KernelRegistry& kernels, int index, std::string name,
             const internal::DeviceOptions& options);
  ~CudaDevice() override;

  static CudaDevice& of(const internal::KernelRequest& request) {
    return static_cast<CudaDevice&>(*request.device);
  }

  int index() const noexcept { return index_; }
  int multiprocessors() const noexcept { return properties_.multiProcessorCount; }
  int compute_capability() const noexcept {  // 90 is 9.0
    return 10 * properties_.major + properties_.minor;
  }
  bool allow_tf32() const noexcept { return allow_tf32_; }
  CompileOptions compile_options() const noexcept {
    return {compute_capability(), compile_ahead_, kernel_cache_};
  }
  // To ask for an algorithm or a workspace while a kernel is prepared; the device is the current
  // one then.
  PreparingCublasLt cublas_lt_for_preparing();
  // For what cuDNN makes its plans. Throws RuntimeError (device_failed) where cuDNN can't be used.
  const CudnnDescriptor& cudnn_properties();

  const std::string& name() const noexcept override { return name_; }
  std::string description() const override;
  const internal::KernelRegistry& kernels() const noexcept override { return kernels_; }
  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  size_t memory_limit() const noexcept override { return limit_; }
  bool host_memory() const noexcept override { return false; }
  void copy(void* to, const void* from, size_t bytes, internal::Queue& queue) override;
  std::unique_ptr<internal::Queue> make_queue() override;
  std::unique_ptr<internal::Queue> adopt_queue(void* native_stream) override;
  std::unique_ptr<internal::Event> make_event() override;
  void record(internal::Queue& queue, internal::Event& event) override;
  void wait_for(internal::Queue& queue, const internal::Event& event) override;
  void wait(const internal::Event& event) override;
  void wait(internal::Queue& queue) override;
  std::unique_ptr<internal::Recording> make_recording(internal::Queue& queue,
                                                      const std::function<void()>& work) override;
  void replay(const internal::Recording& recording, internal::Queue& queue) override;
  internal::Kernel prepare(const internal::KernelRequest& request, DType dtype) override;

 private:
  friend class CudaQueue;

  const internal::KernelRegistry& kernels_;
  const int index_;
  const std::string name_;
  const bool allow_tf32_, compile_ahead_, kernel_cache_;
  size_t limit_ = 0;
  std::atomic<bool> used_ = false;  // whether there is anything to wait for and to free
  cudaDeviceProp properties_ = {};
  PinnedMemory pinned_;
  LibraryPool libraries_;
  std::mutex preparing_mutex_;
  Libraries preparing_;
  std::once_flag cudnn_properties_made_;
  CudnnDescriptor cudnn_properties_;
  StreamsInUse& streams_;
  GeneratingDevice generating_;
  std::unique_ptr<CachingAllocator> allocator_;
};

}  // namespace tenon::cuda
