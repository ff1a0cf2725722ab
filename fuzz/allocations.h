// How much memory a reader takes of a file whose sizes may lie.
#pragma once

#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace fuzz {

inline std::atomic<size_t> largest_allocation{0};

inline void note_allocation(const volatile void* /*memory*/, size_t bytes) {
  size_t largest = largest_allocation.load(std::memory_order_relaxed);
  while (bytes > largest && !largest_allocation.compare_exchange_weak(largest, bytes)) {
  }
}

// Ends the program when a block is larger than `times` a file of `size` bytes, beside what takes
// the same whatever the file says.
class AllocationLimit {
 public:
  AllocationLimit(size_t times, size_t size) : limit_(times * size + (size_t{1} << 20)) {
    static const int installed =
        __sanitizer_install_malloc_and_free_hooks(note_allocation, [](const volatile void*) {});
    if (installed == 0) std::abort();
    largest_allocation = 0;
  }
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;
  ~AllocationLimit() {
    if (largest_allocation <= limit_) return;
    std::fprintf(stderr, "fuzz: %zu bytes were taken at once, and the file allows %zu\n",
                 largest_allocation.load(), limit_);
    std::abort();
  }

 private:
  size_t limit_;
};

}  // namespace fuzz
