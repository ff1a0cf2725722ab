#include "core/base/parallel.h"

#include <cstdlib>
#include <thread>

#ifdef TENON_TSAN  // oneTBB isn't instrumented: ThreadSanitizer sees races in it that aren't there
#include <atomic>
#include <exception>
#include <mutex>
#include <vector>
#else
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#endif

namespace tenon::internal {

#ifdef TENON_TSAN

struct ThreadPool::Arena {};

ThreadPool::ThreadPool(int threads) : threads_(threads < 1 ? 1 : threads) {}

void ThreadPool::run(int64_t pieces, Body body, void* context) {
  std::atomic<int64_t> next{0};
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&] {
    for (int64_t piece = next++; piece < pieces; piece = next++) {
      try {
        body(context, piece);
      } catch (...) {
        std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
      }
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads_; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  if (error) std::rethrow_exception(error);
}

#else

struct ThreadPool::Arena {
  explicit Arena(int threads) : arena(threads) {}
  tbb::task_arena arena;
};

ThreadPool::ThreadPool(int threads) : threads_(threads < 1 ? 1 : threads) {
  if (threads_ > 1) arena_ = std::make_unique<Arena>(threads_);
}

void ThreadPool::run(int64_t pieces, Body body, void* context) {
  if (threads_ == 1) {
    for (int64_t piece = 0; piece < pieces; ++piece) body(context, piece);
    return;
  }
  arena_->arena.execute([&] {
    tbb::this_task_arena::isolate([&] {
      tbb::parallel_for(
          int64_t{0}, pieces, [&](int64_t piece) { body(context, piece); },
          tbb::simple_partitioner());
    });
  });
}

#endif

ThreadPool::~ThreadPool() = default;

int default_thread_count() {
  if (const char* asked = std::getenv("OMP_NUM_THREADS")) {
    const int threads = std::atoi(asked);
    if (threads > 0) return threads;
  }
  const unsigned cores = std::thread::hardware_concurrency();
  return cores == 0 ? 1 : static_cast<int>(cores);
}

}  // namespace tenon::internal
