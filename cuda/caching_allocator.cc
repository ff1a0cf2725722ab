#include "cuda/caching_allocator.h"

#include <algorithm>

#include "core/base/check.h"
#include "cuda/process_end.h"

namespace tenon::cuda {
namespace {

constexpr size_t kGranule = 512;  // what is asked for is rounded up to it; cudaMalloc aligns to it

// A block serves a smaller request if little of it is wasted.
bool serves(size_t block, size_t wanted) {
  constexpr size_t kWaste = size_t{64} << 10;
  return block >= wanted && block - wanted <= wanted / 4 + kWaste;
}

}  // namespace

Mark::Mark(cudaStream_t stream) {
  check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  const cudaError_t status = cudaEventRecord(event_, stream);
  if (status != cudaSuccess) static_cast<void>(cudaEventDestroy(event_));
  check(status, "cudaEventRecord");
}

Mark::~Mark() {
  if (!process_ends()) static_cast<void>(cudaEventDestroy(event_));
}

bool Mark::passed() const noexcept {
  const cudaError_t answer = cudaEventQuery(event_);
  if (answer == cudaSuccess) return true;
  forget_error();  // mostly no error: not yet
  return answer != cudaErrorNotReady;
}

void Mark::wait() const noexcept { static_cast<void>(cudaEventSynchronize(event_)); }

CachingAllocator::~CachingAllocator() {
  if (process_ends()) return;
  for (const Block& block : idle_) static_cast<void>(cudaFree(block.memory));
  for (const auto& [memory, bytes] : in_use_) static_cast<void>(cudaFree(memory));
}

void* CachingAllocator::allocate(size_t bytes) {
  std::lock_guard lock(mutex_);
  const size_t rounded = std::max(kGranule, (bytes + kGranule - 1) / kGranule * kGranule);
  void* memory = nullptr;
  if (rounded >= bytes) {  // else it is more than can be addressed
    memory = take_idle(rounded, /*wait=*/false);
    if (memory == nullptr) memory = take_from_device(rounded);
    if (memory == nullptr) memory = take_idle(rounded, /*wait=*/true);
    if (memory == nullptr) {
      free_idle();
      memory = take_from_device(rounded);
    }
  }
  internal::require<ResourceExhaustedError>(
      memory != nullptr, ErrorKind::resource_exhausted, "Out of memory: ", bytes, " bytes on ",
      name_, " can't be had; ", held_, " of ", limit_, " bytes are in use");
  return memory;
}

void CachingAllocator::release(void* memory, Marks after) noexcept {
  std::lock_guard lock(mutex_);
  const auto found = in_use_.find(memory);
  if (found == in_use_.end()) return;
  idle_.push_back({memory, found->second, std::move(after)});
  in_use_.erase(found);
}

// The smallest block that serves and that no stream uses any more; with `wait`, one that some
// stream still uses does too. Null when there is none.
void* CachingAllocator::take_idle(size_t bytes, bool wait) {
  auto best = idle_.end();
  for (auto block = idle_.begin(); block != idle_.end(); ++block) {
    if (!serves(block->bytes, bytes) || (best != idle_.end() && best->bytes <= block->bytes)) {
      continue;
    }
    std::erase_if(block->after, [](const auto& mark) { return mark->passed(); });
    if (wait || block->after.empty()) best = block;
  }
  if (best == idle_.end()) return nullptr;
  for (const auto& mark : best->after) mark->wait();
  void* memory = best->memory;
  in_use_.emplace(memory, best->bytes);
  idle_.erase(best);
  return memory;
}

void* CachingAllocator::take_from_device(size_t bytes) {
  if (held_ > limit_ || bytes > limit_ - held_) return nullptr;
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    forget_error();
    return nullptr;
  }
  check(status, "cudaMalloc");
  in_use_.emplace(memory, bytes);
  held_ += bytes;
  return memory;
}

void CachingAllocator::free_idle() {
  for (const Block& block : idle_) {
    for (const auto& mark : block.after) mark->wait();
    held_ -= block.bytes;
    static_cast<void>(cudaFree(block.memory));
  }
  idle_.clear();
}

}  // namespace tenon::cuda
