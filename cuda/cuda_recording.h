// Work captured in a CUDA graph.
#pragma once

#include <functional>
#include <memory>

#include "core/backend/backend.h"
#include "cuda/cuda_queue.h"

namespace tenon::cuda {

class CudaRecording : public internal::Recording {
 public:
  // Captures what `work` puts on the queue. Null when the work can't be captured.
  static std::unique_ptr<CudaRecording> make(CudaQueue& queue, const std::function<void()>& work);
  ~CudaRecording() override;
  CudaRecording(const CudaRecording&) = delete;
  CudaRecording& operator=(const CudaRecording&) = delete;

  void launch(cudaStream_t stream) const;

 private:
  explicit CudaRecording(cudaGraphExec_t graph) : graph_(graph) {}
  cudaGraphExec_t graph_;
};

}  // namespace tenon::cuda
