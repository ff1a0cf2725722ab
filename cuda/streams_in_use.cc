#include "cuda/streams_in_use.h"

#include <map>

#include "cuda/cuda_queue.h"
#include "cuda/process_end.h"

namespace tenon::cuda {

StreamsInUse& StreamsInUse::of(int gpu) {
  static std::mutex mutex;
  static auto* all = new std::map<int, StreamsInUse>;  // never destroyed: devices may outlive it
  std::lock_guard lock(mutex);
  return (*all)[gpu];
}

void StreamsInUse::add(CudaQueue& queue) {
  std::lock_guard lock(mutex_);
  queues_.insert(&queue);
}

void StreamsInUse::remove(CudaQueue& queue) noexcept {
  std::lock_guard lock(mutex_);
  queues_.erase(&queue);
}

void StreamsInUse::keep_end(cudaStream_t stream) {
  if (is_captured(stream)) return;
  auto end = std::make_shared<Mark>(stream);
  std::lock_guard lock(mutex_);
  std::erase_if(passing_, [](const auto& mark) { return mark->passed(); });
  passing_.push_back(std::move(end));
}

Marks StreamsInUse::under_way() {
  std::lock_guard lock(mutex_);
  std::erase_if(passing_, [](const auto& mark) { return mark->passed(); });
  Marks marks = passing_;
  for (CudaQueue* queue : queues_) {
    std::lock_guard nobody_captures(queue->capturing());
    if (is_captured(queue->stream())) continue;
    if (cudaStreamQuery(queue->stream()) == cudaSuccess) continue;
    forget_error();  // mostly no error: it is at work
    marks.push_back(std::make_shared<Mark>(queue->stream()));
  }
  return marks;
}

bool is_captured(cudaStream_t stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  const cudaError_t answer = cudaStreamIsCapturing(stream, &status);
  if (answer != cudaSuccess) forget_error();
  return answer != cudaSuccess || status != cudaStreamCaptureStatusNone;
}

}  // namespace tenon::cuda
