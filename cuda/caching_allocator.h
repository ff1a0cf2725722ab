// A GPU's memory, kept for the next user: cudaMalloc waits for the whole device, so it is called as
// seldom as can be.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "cuda/status.h"

namespace tenon::cuda {

// A point in a stream's work.
class Mark {
 public:
  explicit Mark(cudaStream_t stream);  // of the current device
  ~Mark();
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  bool passed() const noexcept;  // true also when the device has failed: nothing runs there then
  void wait() const noexcept;

 private:
  cudaEvent_t event_ = nullptr;
};
using Marks = std::vector<std::shared_ptr<const Mark>>;

// Hands out blocks of one device's memory. A block that is released is handed out again when all
// work that was under way then is done, so that no stream writes into another one's memory.
// Thread-safe. The device must be the current one.
class CachingAllocator {
 public:
  // `limit` in bytes counts all that is held, in use or not.
  CachingAllocator(std::string name, size_t limit) : name_(std::move(name)), limit_(limit) {}
  ~CachingAllocator();  // all work of the device is done
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;

  // 512-byte aligned. Throws ResourceExhaustedError.
  void* allocate(size_t bytes);
  // The block may be used again when all of `after` have passed.
  void release(void* memory, Marks after) noexcept;
  size_t limit() const noexcept { return limit_; }

 private:
  struct Block {
    void* memory = nullptr;
    size_t bytes = 0;
    Marks after = {};  // empty: idle
  };

  void* take_idle(size_t bytes, bool wait);
  void* take_from_device(size_t bytes);  // null when there is none
  void free_idle();

  const std::string name_;
  const size_t limit_;
  std::mutex mutex_;
  std::unordered_map<void*, size_t> in_use_;
  std::vector<Block> idle_;
  size_t held_ = 0;  // bytes of both
};

}  // namespace tenon::cuda
