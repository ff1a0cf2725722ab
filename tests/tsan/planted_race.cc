// A race on purpose: two pieces of one parallel loop count in a plain integer. The ThreadSanitizer
// job runs this, and fails unless the race is reported.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <thread>

#include "core/base/parallel.h"

int main() {
  tenon::internal::ThreadPool pool(2);
  int count = 0;
  // The pieces run on two threads, and the second counts after the first: what happens at the very
  // same time on two cores escapes ThreadSanitizer now and then. Relaxed, so that waiting orders
  // nothing else.
  std::atomic<int> arrived{0};
  std::atomic<bool> counted{false};
  pool.for_each(2, [&](int64_t) {
    const bool second = arrived.fetch_add(1, std::memory_order_relaxed) == 1;
    while (second && !counted.load(std::memory_order_relaxed)) std::this_thread::yield();
    while (arrived.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
    ++count;
    counted.store(true, std::memory_order_relaxed);
  });
  std::printf("%d\n", count);
}
