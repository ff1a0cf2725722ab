// A line of work on one GPU: a stream, with the libraries' handles bound to it.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "core/backend/backend.h"
#include "cuda/libraries.h"
#include "cuda/pinned_memory.h"
#include "cuda/status.h"

namespace tenon::cuda {

class CudaDevice;

// Launching on a queue is for one thread at a time: the run that has leased it. The device whose
// queue it is must be the current one; while a kernel is launched, it is.
class CudaQueue : public internal::Queue {
 public:
  // With a stream of its own.
  explicit CudaQueue(CudaDevice& device);
  // On the caller's stream, which must live until the queue is gone.
  CudaQueue(CudaDevice& device, cudaStream_t stream);
  ~CudaQueue() override;
  CudaQueue(const CudaQueue&) = delete;
  CudaQueue& operator=(const CudaQueue&) = delete;

  cudaStream_t stream() const noexcept { return stream_; }
  int device() const noexcept;  // its number, as CUDA counts
  bool owned() const noexcept { return owned_; }

  // The queue's own handles, made when first asked for. cuDNN's launches on this stream; cuBLASLt's
  // calls are given stream(). Neither may be asked for the first time while work is captured: the
  // run before a capture has asked already.
  cudnnHandle_t cudnn();
  cublasLtHandle_t cublas_lt();

  // Values on their way to the host, that were copied to pinned memory: whoever waits for them
  // copies them on (CudaDevice::wait).
  std::vector<StagedRead>& staged_reads() noexcept { return staged_reads_; }
  // Held while work is captured: until then nobody else may ask for the stream.
  std::mutex& capturing() noexcept { return capturing_; }

  // While it lives, an adopted queue's work goes to a stream of Tenon's own, to be captured there.
  // The caller's may be one that can't be (the legacy default stream), and one that can drags what
  // his other threads put on the default stream into the capture, which fails there and here.
  class Aside {
   public:
    explicit Aside(CudaQueue& queue);
    ~Aside();
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

   private:
    void swap() noexcept;
    CudaQueue& queue_;
    cudaStream_t stream_ = nullptr;  // the caller's
  };

 private:
  Libraries& libraries();
  void unbind() noexcept;  // cuDNN's handle: it must not know a stream that is gone

  CudaDevice& device_;
  cudaStream_t stream_ = nullptr;
  const bool owned_;
  std::unique_ptr<Libraries> libraries_;
  bool cudnn_bound_ = false;
  std::vector<StagedRead> staged_reads_;
  std::mutex capturing_;
};

inline CudaQueue& queue(const internal::Launch& launch) {
  return static_cast<CudaQueue&>(*launch.queue);
}
inline cudaStream_t stream(const internal::Launch& launch) { return queue(launch).stream(); }

}  // namespace tenon::cuda
