#include "cuda/cuda_queue.h"

#include "cuda/cuda_device.h"
#include "cuda/device_guard.h"

namespace tenon::cuda {

CudaQueue::CudaQueue(CudaDevice& device) : device_(device), owned_(true) {
  // Not ordered with the legacy default stream, which belongs to the program around us.
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  device_.add(*this);
}

CudaQueue::CudaQueue(CudaDevice& device, cudaStream_t stream)
    : device_(device), stream_(stream), owned_(false) {
  device_.add(*this);
}

CudaQueue::~CudaQueue() {
  try {
    const DeviceGuard guard(device());
    if (owned_) {
      static_cast<void>(cudaStreamSynchronize(stream_));
    } else {
      device_.keep_end(stream_);
    }
    if (libraries_ != nullptr) device_.libraries_.give_back(std::move(libraries_));
  } catch (...) {  // the device has failed, and with it all that could be waited for
    static_cast<void>(cudaGetLastError());
  }
  // Only now: until here, whoever gives memory back had to come after this stream.
  device_.remove(*this);
  if (owned_) static_cast<void>(cudaStreamDestroy(stream_));
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

cublasLtHandle_t CudaQueue::cublas_lt() { return libraries().cublas_lt(); }

}  // namespace tenon::cuda
