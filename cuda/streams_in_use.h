// The streams of one GPU that may be at work on its memory.
#pragma once

#include <mutex>
#include <set>

#include "cuda/caching_allocator.h"

namespace tenon::cuda {

class CudaQueue;

// The queues on one GPU, whichever session's they are: a value of one session may be fed to
// another, so that memory is free only when no stream of any of them uses it. Thread-safe. The GPU
// must be the current device.
class StreamsInUse {
 public:
  static StreamsInUse& of(int gpu);  // as CUDA counts; lives as long as the process

  void add(CudaQueue& queue);
  void remove(CudaQueue& queue) noexcept;
  // What is on a stream of the caller, whose queue goes.
  void keep_end(cudaStream_t stream);
  // Where all streams are now. What is captured runs later, and keeps its memory till then.
  Marks under_way();

 private:
  std::mutex mutex_;
  std::set<CudaQueue*> queues_;  // all that are alive
  Marks passing_;                // on streams of the caller, whose queues are gone
};

// Whether the program around us is capturing the stream; the legacy default stream answers with an
// error while any other is captured.
bool is_captured(cudaStream_t stream);

}  // namespace tenon::cuda
