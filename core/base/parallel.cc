#include "core/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "core/base/floating_point_modes.h"

#ifdef TENON_TSAN  // oneTBB isn't instrumented: ThreadSanitizer sees races in it that aren't there
#include <exception>
#include <vector>
#else
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#endif

namespace tenon::internal {
namespace {

// The pieces of one call, taken one by one by every thread that helps.
class Pieces {
 public:
  Pieces(int64_t count, ThreadPool::Body body, void* context)
      : count_(count), body_(body), context_(context) {}

  void work() {
    const InModes of_the_caller(modes_);
    try {
      for (int64_t piece = next_++; piece < count_; piece = next_++) body_(context_, piece);
    } catch (...) {
      next_ = count_;  // the others needn't go on
      throw;
    }
  }

 private:
  const int64_t count_;
  const ThreadPool::Body body_;
  void* const context_;
  const FloatingPointModes modes_ = FloatingPointModes::of_this_thread();
  std::atomic<int64_t> next_{0};
};

}  // namespace

#ifdef TENON_TSAN

struct ThreadPool::Arena {};

ThreadPool::ThreadPool(int threads) : threads_(threads < 1 ? 1 : threads) {}

void ThreadPool::run(int64_t pieces, Body body, void* context) {
  Pieces shared(pieces, body, context);
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&] {
    try {
      shared.work();
    } catch (...) {
      std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads_; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  if (error) std::rethrow_exception(error);
}

#else

namespace {

// oneTBB has a thread a core for the whole process, and complains on standard error where more are
// asked for: it is told beforehand to have as many as the largest pool wants.
void allow_threads(int threads) {
  using Control = tbb::global_control;
  static std::mutex mutex;
  static Control* largest = nullptr;  // never destroyed: it holds for the process
  const auto wanted = static_cast<size_t>(threads);
  std::lock_guard lock(mutex);
  if (wanted <= Control::active_value(Control::max_allowed_parallelism)) return;
  delete largest;  // of several, the smallest counts
  largest = new Control(Control::max_allowed_parallelism, wanted);
}

}  // namespace

struct ThreadPool::Arena {
  explicit Arena(int threads) : arena(threads) { allow_threads(threads); }
  tbb::task_arena arena;
};

ThreadPool::ThreadPool(int threads) : threads_(threads < 1 ? 1 : threads) {
  if (threads_ > 1) arena_ = std::make_unique<Arena>(threads_);
}

// One task a helper, all of them made here: a warm call allocates nothing, whoever comes to help.
void ThreadPool::run(int64_t pieces, Body body, void* context) {
  Pieces shared(pieces, body, context);
  if (threads_ == 1) return shared.work();
  arena_->arena.execute([&] {
    tbb::this_task_arena::isolate([&] {
      const int64_t most = std::min<int64_t>(threads_, pieces);
      tbb::task_group helpers;
      for (int64_t helper = 1; helper < most; ++helper) helpers.run([&] { shared.work(); });
      helpers.run_and_wait([&] { shared.work(); });
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
