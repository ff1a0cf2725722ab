// Handles of cuDNN and cuBLASLt. Making one takes milliseconds and memory of the device, so they
// are made when they are first asked for, and lent to one queue after the other.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "cuda/status.h"

namespace tenon::cuda {

// The handles that one queue works with at a time; not thread-safe. The device that they are for is
// the current one when a handle is made.
class Libraries {
 public:
  Libraries() = default;
  ~Libraries() { close(); }
  Libraries(const Libraries&) = delete;
  Libraries& operator=(const Libraries&) = delete;

  cudnnHandle_t cudnn();
  cublasLtHandle_t cublas_lt();
  void close() noexcept;

 private:
  cudnnHandle_t cudnn_ = nullptr;
  cublasLtHandle_t cublas_lt_ = nullptr;
};

// The idle handles of one device. Thread-safe.
class LibraryPool {
 public:
  std::unique_ptr<Libraries> take();
  void give_back(std::unique_ptr<Libraries> libraries);
  void close() noexcept;  // the idle ones

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Libraries>> idle_;
};

}  // namespace tenon::cuda
