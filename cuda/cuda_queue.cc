#include "cuda/cuda_queue.h"

#include <utility>

#include "cuda/cuda_device.h"
#include "cuda/device_guard.h"
#include "cuda/process_end.h"

namespace tenon::cuda {

CudaQueue::CudaQueue(CudaDevice& device) : device_(device), owned_(true) {
  // Not ordered with the legacy default stream, which belongs to the program around us.
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  device_.streams_.add(*this);
}

CudaQueue::CudaQueue(CudaDevice& device, cudaStream_t stream)
    : device_(device), stream_(stream), owned_(false) {
  device_.streams_.add(*this);
}

CudaQueue::~CudaQueue() {
  try {
    const DeviceGuard guard(device());
    if (owned_) {
      static_cast<void>(cudaStreamSynchronize(stream_));
    } else {
      device_.streams_.keep_end(stream_);
    }
    unbind();
    if (libraries_ != nullptr) device_.libraries_.give_back(std::move(libraries_));
  } catch (...) {  // the device has failed, and with it all that could be waited for
    forget_error();
  }
  // Only now: until here, whoever gives memory back had to come after this stream.
  device_.streams_.remove(*this);
  if (owned_ && !process_ends()) static_cast<void>(cudaStreamDestroy(stream_));
}

int CudaQueue::device() const noexcept { return device_.index(); }

Libraries& CudaQueue::libraries() {
  if (libraries_ == nullptr) libraries_ = device_.libraries_.take();
  return *libraries_;
}

cudnnHandle_t CudaQueue::cudnn() {
  cudnnHandle_t handle = libraries().cudnn();
  if (!cudnn_bound_) {
    check(cudnnSetStream(handle, stream_), "cudnnSetStream");
    cudnn_bound_ = true;
  }
  return handle;
}

void CudaQueue::unbind() noexcept {
  if (cudnn_bound_) static_cast<void>(cudnnSetStream(libraries_->cudnn(), nullptr));
  cudnn_bound_ = false;
}

cublasLtHandle_t CudaQueue::cublas_lt() { return libraries().cublas_lt(); }

CudaQueue::Aside::Aside(CudaQueue& queue) : queue_(queue) {
  if (queue_.owned_) return;
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  swap();
}

CudaQueue::Aside::~Aside() {
  if (queue_.owned_) return;
  swap();
  if (!process_ends()) static_cast<void>(cudaStreamDestroy(stream_));
}

void CudaQueue::Aside::swap() noexcept {
  queue_.unbind();
  std::swap(queue_.stream_, stream_);
}

}  // namespace tenon::cuda
