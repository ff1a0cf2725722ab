// Kernels that are compiled while the program runs, each source once for a kind of GPU.
#pragma once

#include <cuda_runtime_api.h>

#include <atomic>
#include <memory>
#include <string>

namespace tenon::cuda {

struct CompileOptions {
  int capability = 0;  // 90 is 9.0
  bool ahead = false;  // compile before generated_kernel() returns; so does TENON_COMPILE_AHEAD=1
  bool kept = true;    // whether code is kept on disk and taken from there (code_cache.h)
};

// One of them. It becomes ready, or fails, while others already use it.
class GeneratedKernel {
 public:
  // Null: not ready yet, or never.
  const void* function() const noexcept { return function_.load(std::memory_order_acquire); }
  // Whether function() won't change any more.
  bool settled() const noexcept { return settled_.load(std::memory_order_acquire); }

  // Compiles it, or finds what an earlier process compiled, and loads it; for one thread, once.
  // Whatever fails leaves it settled, without function.
  void make(const std::string& source, const CompileOptions& options) noexcept;
  void settle() noexcept { settled_.store(true, std::memory_order_release); }

 private:
  std::atomic<const void*> function_{nullptr};
  std::atomic<bool> settled_{false};
};

// While one lives, kernels may be compiled. When the last one dies, what still waits to be compiled
// is dropped, and what is being compiled is waited for: NVRTC has static objects, which the end of
// the process destroys under the hands of a thread that uses them. Every device has one.
class GeneratingDevice {
 public:
  GeneratingDevice();
  ~GeneratingDevice();
  GeneratingDevice(const GeneratingDevice&) = delete;
  GeneratingDevice& operator=(const GeneratingDevice&) = delete;
};

// Whether kernels can be compiled here, and TENON_DISABLE_JIT isn't set.
bool can_generate();
// The kernel of a source (generated_source.h) for a compute capability, where one can be compiled:
// in the background from the first request on. Thread-safe.
std::shared_ptr<const GeneratedKernel> generated_kernel(const std::string& source,
                                                        const CompileOptions& options);

}  // namespace tenon::cuda
