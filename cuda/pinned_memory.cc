#include "cuda/pinned_memory.h"

#include <bit>
#include <utility>

namespace tenon::cuda {

void PinnedMemory::Block::give_back() noexcept {
  if (owner_ == nullptr) return;
  std::lock_guard lock(owner_->mutex_);
  owner_->idle_.emplace(bytes_, data_);
}

PinnedMemory::~PinnedMemory() {
  for (const InUse& block : in_use_) events_.push_back(block.done);
  in_use_.clear();  // gives the blocks back
  for (const auto& [bytes, data] : idle_) static_cast<void>(cudaFreeHost(data));
  for (cudaEvent_t event : events_) static_cast<void>(cudaEventDestroy(event));
}

PinnedMemory::Block PinnedMemory::take(size_t bytes) {
  constexpr size_t kSmallest = 4096;
  const size_t size = std::bit_ceil(bytes < kSmallest ? kSmallest : bytes);
  reclaim();
  {
    std::lock_guard lock(mutex_);
    if (const auto found = idle_.find(size); found != idle_.end()) {
      void* data = found->second;
      idle_.erase(found);
      return {this, data, size};
    }
  }
  void* data = nullptr;
  check(cudaHostAlloc(&data, size, cudaHostAllocPortable), "cudaHostAlloc");
  return {this, data, size};
}

void PinnedMemory::give_back_after(Block block, cudaStream_t stream) {
  cudaEvent_t done = nullptr;
  std::lock_guard lock(reading_mutex_);
  if (!events_.empty()) {
    done = events_.back();
    events_.pop_back();
  } else {
    check(cudaEventCreateWithFlags(&done, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  }
  in_use_.push_back({std::move(block), done});
  check(cudaEventRecord(done, stream), "cudaEventRecord");
}

void PinnedMemory::reclaim() {
  std::lock_guard lock(reading_mutex_);
  for (size_t i = 0; i < in_use_.size();) {
    const cudaError_t status = cudaEventQuery(in_use_[i].done);
    if (status == cudaErrorNotReady) {
      static_cast<void>(cudaGetLastError());  // that is no error
      ++i;
      continue;
    }
    check(status, "cudaEventQuery");
    events_.push_back(in_use_[i].done);
    std::swap(in_use_[i], in_use_.back());
    in_use_.pop_back();
  }
}

}  // namespace tenon::cuda
