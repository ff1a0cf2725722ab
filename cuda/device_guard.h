// The calling thread's current device, changed for a while.
//
// Another thread of the program may be capturing a CUDA graph meanwhile. In the usual mode that
// forbids calls like cudaMalloc and cudaEventQuery to all threads, and spoils its capture; what is
// called here has nothing to do with it.
#pragma once

#include "core/base/check.h"
#include "cuda/process_end.h"
#include "cuda/status.h"

namespace tenon::cuda {

// The calling thread may make any call, whatever other threads capture.
class [[nodiscard]] CaptureUnheeded {
 public:
  CaptureUnheeded() {
    internal::require<RuntimeError>(!process_ends(), ErrorKind::device_failed,
                                    "The process is ending: no GPU can be used any more");
    check(cudaThreadExchangeStreamCaptureMode(&mode_), "cudaThreadExchangeStreamCaptureMode");
  }
  ~CaptureUnheeded() { static_cast<void>(cudaThreadExchangeStreamCaptureMode(&mode_)); }
  CaptureUnheeded(const CaptureUnheeded&) = delete;
  CaptureUnheeded& operator=(const CaptureUnheeded&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;  // then the thread's own
};

// Makes a device current, and the caller's again when it dies.
class [[nodiscard]] DeviceGuard {
 public:
  explicit DeviceGuard(int device) : device_(device) {
    check(cudaGetDevice(&before_), "cudaGetDevice");
    if (before_ != device_) check(cudaSetDevice(device_), "cudaSetDevice");
  }
  ~DeviceGuard() {
    if (before_ != device_) static_cast<void>(cudaSetDevice(before_));
  }
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  CaptureUnheeded capture_unheeded_;
  int device_;
  int before_ = 0;
};

}  // namespace tenon::cuda
