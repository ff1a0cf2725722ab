// Work split over the threads of a session. The split depends only on the work, never on the
// number of threads, so that results don't either.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace tenon::internal {

// A set of threads that runs pieces of work. Safe to use from many threads at once.
class ThreadPool {
 public:
  // `threads` counts the calling thread in; 1 runs everything in the caller.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  int threads() const noexcept { return threads_; }

  // Calls body(i) for every i in [0, pieces), in any order and on any of the threads, and returns
  // when all have returned. The first exception is rethrown. All threads work in the caller's
  // floating-point modes. `context` style: no allocation.
  using Body = void (*)(void* context, int64_t piece);
  void run(int64_t pieces, Body body, void* context);

  // The same for a callable.
  template <typename F>
  void for_each(int64_t pieces, F&& body) {
    if (pieces <= 1 || threads_ == 1) {
      for (int64_t i = 0; i < pieces; ++i) body(i);
      return;
    }
    auto* callable = &body;
    run(
        pieces,
        [](void* context, int64_t piece) { (*static_cast<decltype(callable)>(context))(piece); },
        const_cast<void*>(static_cast<const void*>(callable)));
  }

  // body(begin, end) over [0, size) cut into pieces of `grain` (the last may be shorter).
  template <typename F>
  void for_range(int64_t size, int64_t grain, F&& body) {
    const int64_t pieces = (size + grain - 1) / grain;
    for_each(pieces, [&](int64_t piece) {
      const int64_t begin = piece * grain;
      body(begin, begin + grain < size ? begin + grain : size);
    });
  }

 private:
  struct Arena;
  int threads_;
  std::unique_ptr<Arena> arena_;
};

// OMP_NUM_THREADS if it is set to a positive number, else the number of cores this process may use.
int default_thread_count();
// As many threads as an option asks for, where 0 or less is the default.
inline int thread_count(int asked) { return asked > 0 ? asked : default_thread_count(); }

}  // namespace tenon::internal
