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
  // The pieces wait for each other, so that they are on two threads; relaxed, so that waiting
  // orders nothing else.
  std::atomic<int> arrived{0};
  pool.for_each(2, [&](int64_t) {
    arrived.fetch_add(1, std::memory_order_relaxed);
    while (arrived.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
    ++count;
  });
  std::printf("%d\n", count);
}
