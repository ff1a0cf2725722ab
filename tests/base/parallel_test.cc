#include "core/base/parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tenon::internal {
namespace {

TEST(ParallelTest, RunsEveryPieceOnce) {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    std::vector<int> runs(1000, 0);
    pool.for_each(1000, [&](int64_t piece) { ++runs[piece]; });
    EXPECT_THAT(runs, testing::Each(1)) << threads << " threads";
  }
}

TEST(ParallelTest, RunsNothingForNoPieces) {
  ThreadPool pool(3);
  pool.for_each(0, [](int64_t) { FAIL(); });
  pool.for_range(0, 16, [](int64_t, int64_t) { FAIL(); });
}

TEST(ParallelTest, CutsARangeByItsGrainWhateverTheThreads) {
  for (int threads : {1, 4}) {
    ThreadPool pool(threads);
    std::mutex mutex;
    std::vector<std::pair<int64_t, int64_t>> pieces;
    pool.for_range(10, 4, [&](int64_t begin, int64_t end) {
      std::lock_guard lock(mutex);
      pieces.emplace_back(begin, end);
    });
    EXPECT_THAT(pieces, testing::UnorderedElementsAre(std::pair<int64_t, int64_t>(0, 4),
                                                      std::pair<int64_t, int64_t>(4, 8),
                                                      std::pair<int64_t, int64_t>(8, 10)));
  }
}

TEST(ParallelTest, RethrowsToTheCallerAndStaysUsable) {
  ThreadPool pool(4);
  const auto fail = [](int64_t piece) {
    if (piece == 37) throw std::runtime_error("piece 37");
  };
  EXPECT_THROW(pool.for_each(100, fail), std::runtime_error);
  std::atomic<int> runs{0};
  pool.for_each(100, [&](int64_t) { ++runs; });
  EXPECT_EQ(runs, 100);
}

TEST(ParallelTest, ServesManyCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<int64_t> sums(8, 0);
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < sums.size(); ++caller) {
    callers.emplace_back([&, caller] {
      std::vector<int64_t> squares(500);
      pool.for_each(500, [&](int64_t piece) { squares[piece] = piece * piece; });
      for (int64_t square : squares) sums[caller] += square;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(sums, testing::Each(499LL * 500 * 999 / 6));
}

TEST(ParallelTest, NestsInItself) {
  ThreadPool pool(2);
  std::atomic<int> runs{0};
  pool.for_each(8, [&](int64_t) { pool.for_each(8, [&](int64_t) { ++runs; }); });
  EXPECT_EQ(runs, 64);
}

TEST(ParallelTest, SaysNothingAboutMoreThreadsThanCores) {
  testing::internal::CaptureStderr();
  {
    ThreadPool pool(static_cast<int>(std::thread::hardware_concurrency()) + 3);
    std::atomic<int> runs{0};
    pool.for_each(100, [&](int64_t) { ++runs; });
    EXPECT_EQ(runs, 100);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ParallelTest, ThreadCountFollowsTheEnvironment) {
  const char* before = std::getenv("OMP_NUM_THREADS");
  const std::string kept = before == nullptr ? "" : before;
  setenv("OMP_NUM_THREADS", "3", 1);
  EXPECT_EQ(default_thread_count(), 3);
  setenv("OMP_NUM_THREADS", "many", 1);
  EXPECT_GE(default_thread_count(), 1);
  unsetenv("OMP_NUM_THREADS");
  EXPECT_GE(default_thread_count(), 1);
  if (before != nullptr) setenv("OMP_NUM_THREADS", kept.c_str(), 1);
}

}  // namespace
}  // namespace tenon::internal
