// Page-locked host memory, through which small values travel between host and GPU without the host
// waiting.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda/status.h"

namespace tenon::cuda {

// Blocks of pinned memory, kept for the next user. Thread-safe.
class PinnedMemory {
 public:
  PinnedMemory() = default;
  ~PinnedMemory();
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;

  // A block that goes back when it dies.
  class Block {
   public:
    Block() = default;
    Block(PinnedMemory* owner, void* data, size_t bytes)
        : owner_(owner), data_(data), bytes_(bytes) {}
    ~Block() { give_back(); }
    Block(Block&& other) noexcept { swap(other); }
    Block& operator=(Block&& other) noexcept {
      swap(other);
      return *this;
    }
    void* data() const noexcept { return data_; }
    size_t bytes() const noexcept { return bytes_; }

   private:
    void give_back() noexcept;
    void swap(Block& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(data_, other.data_);
      std::swap(bytes_, other.bytes_);
    }

    PinnedMemory* owner_ = nullptr;
    void* data_ = nullptr;
    size_t bytes_ = 0;
  };

  // Throws ResourceExhaustedError when the host gives no more.
  Block take(size_t bytes);

  // A block that a stream still reads: it goes back once the stream has passed this point. Waits
  // where much is read already: the host is far ahead of the device.
  void give_back_after(Block block, cudaStream_t stream);

 private:
  struct InUse {
    Block block;
    cudaEvent_t done = nullptr;
  };
  // Takes back what streams are through with; with `wait`, at least the oldest.
  void reclaim(bool wait);

  std::mutex mutex_;
  std::multimap<size_t, void*> idle_;  // by size
  std::mutex reading_mutex_;           // of what follows; taken before the other one
  std::deque<InUse> in_use_;           // the oldest first
  size_t bytes_in_use_ = 0;
  std::vector<cudaEvent_t> events_;  // idle ones
};

// A value in pinned memory that belongs elsewhere on the host.
struct StagedRead {
  void* to = nullptr;
  size_t bytes = 0;
  PinnedMemory::Block from = {};
};

}  // namespace tenon::cuda
