#include "cuda/cuda_recording.h"

#include "cuda/process_end.h"
#include "tenon/error.h"

namespace tenon::cuda {
namespace {

// A capture that is under way on a stream. Ends when it dies, however that comes about.
class Capture {
 public:
  explicit Capture(cudaStream_t stream) : stream_(stream) {
    // Other threads may allocate and wait meanwhile.
    begun_ = cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess;
    forget_error();
  }
  ~Capture() {
    end();
    if (graph_ != nullptr) static_cast<void>(cudaGraphDestroy(graph_));
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  bool begun() const noexcept { return begun_; }

  // What was captured; null if something in it can't be.
  cudaGraph_t end() noexcept {
    if (begun_ && cudaStreamEndCapture(stream_, &graph_) != cudaSuccess) graph_ = nullptr;
    begun_ = false;
    forget_error();
    return graph_;
  }

 private:
  cudaStream_t stream_;
  bool begun_ = false;
  cudaGraph_t graph_ = nullptr;
};

}  // namespace

std::unique_ptr<CudaRecording> CudaRecording::make(CudaQueue& queue,
                                                   const std::function<void()>& work) {
  std::lock_guard only_one(queue.capturing());
  const CudaQueue::Aside aside(queue);
  Capture capture(queue.stream());
  if (!capture.begun()) return nullptr;
  try {
    work();
  } catch (const RuntimeError& error) {
    // A call that can't be captured. Outside a capture it works, or says what is wrong.
    if (error.kind() == ErrorKind::device_failed) return nullptr;
    throw;
  }
  cudaGraph_t graph = capture.end();
  if (graph == nullptr) return nullptr;
  cudaGraphExec_t instance = nullptr;
  if (cudaGraphInstantiate(&instance, graph, 0) != cudaSuccess) {
    forget_error();
    return nullptr;
  }
  return std::unique_ptr<CudaRecording>(new CudaRecording(instance));
}

// A graph that still runs is freed when it is done: so CUDA defines it.
CudaRecording::~CudaRecording() {
  if (!process_ends()) static_cast<void>(cudaGraphExecDestroy(graph_));
}

void CudaRecording::launch(cudaStream_t stream) const {
  check(cudaGraphLaunch(graph_, stream), "cudaGraphLaunch");
}

}  // namespace tenon::cuda
