#include "cuda/pinned_memory.h"

#include <bit>
#include <utility>

#include "cuda/process_end.h"

namespace tenon::cuda {

void PinnedMemory::Block::give_back() noexcept {
  if (owner_ == nullptr) return;
  std::lock_guard lock(owner_->mutex_);
  owner_->idle_.emplace(bytes_, data_);
}

PinnedMemory::~PinnedMemory() {
  for (const InUse& block : in_use_) events_.push_back(block.done);
  in_use_.clear();  // gives the blocks back
  if (process_ends()) return;
  for (const auto& [bytes, data] : idle_) static_cast<void>(cudaFreeHost(data));
  for (cudaEvent_t event : events_) static_cast<void>(cudaEventDestroy(event));
}

PinnedMemory::Block PinnedMemory::take(size_t bytes) {
  constexpr size_t kSmallest = 4096;
  const size_t size = std::bit_ceil(bytes < kSmallest ? kSmallest : bytes);
  {
    std::lock_guard lock(reading_mutex_);
    reclaim(/*wait=*/false);
  }
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
  constexpr size_t kMostInUse = size_t{64} << 20;
  std::lock_guard lock(reading_mutex_);
  if (bytes_in_use_ > kMostInUse) reclaim(/*wait=*/true);
  cudaEvent_t done = nullptr;
  if (!events_.empty()) {
    done = events_.back();
    events_.pop_back();
  } else {
    check(cudaEventCreateWithFlags(&done, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  }
  bytes_in_use_ += block.bytes();
  in_use_.push_back({std::move(block), done});
  check(cudaEventRecord(done, stream), "cudaEventRecord");
}

void PinnedMemory::reclaim(bool wait) {
  while (!in_use_.empty()) {
    const cudaEvent_t done = in_use_.front().done;
    const cudaError_t status = wait ? cudaEventSynchronize(done) : cudaEventQuery(done);
    if (status == cudaErrorNotReady) {
      forget_error();  // that is no error
      return;
    }
    check(status, wait ? "cudaEventSynchronize" : "cudaEventQuery");
    events_.push_back(done);
    bytes_in_use_ -= in_use_.front().block.bytes();
    in_use_.pop_front();
    wait = false;
  }
}

}  // namespace tenon::cuda
