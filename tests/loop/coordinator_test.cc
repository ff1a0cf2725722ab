// Coordinator: who stops when, and whose failure comes out where. As TensorFlow's.
#include "tenon/coordinator.h"

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "tenon/error.h"
#include "tests/testing/errors.h"

namespace tenon::train {
namespace {

std::exception_ptr failure_of(const std::string& message) {
  return std::make_exception_ptr(ValueError(ErrorKind::bad_argument, message));
}

TEST(CoordinatorThreadsTest, StopWhenTheyAreAsked) {
  Coordinator coordinator;
  std::atomic<int> ended = 0;
  for (const char* name : {"a", "b"}) {
    coordinator.start_thread(name, [&] {
      EXPECT_TRUE(coordinator.wait_for_stop());
      ++ended;
    });
  }
  EXPECT_FALSE(coordinator.should_stop());
  EXPECT_FALSE(coordinator.wait_for_stop(0.0));
  coordinator.request_stop();
  EXPECT_TRUE(coordinator.should_stop());
  coordinator.join();
  EXPECT_TRUE(coordinator.joined());
  EXPECT_EQ(ended, 2);
}

TEST(CoordinatorThreadsTest, JoinWaitsForThreadsThatEndByThemselves) {
  Coordinator coordinator;
  std::atomic<bool> ended = false;
  coordinator.start_thread("a", [&] { ended = true; });
  coordinator.join();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(coordinator.should_stop());
}

TEST(CoordinatorThreadsTest, WhatOneThrowsStopsAllAndComesOutOfJoin) {
  Coordinator coordinator;
  coordinator.start_thread("waits", [&] { coordinator.wait_for_stop(); });
  coordinator.start_thread("fails", [] { throw ValueError(ErrorKind::bad_argument, "no more"); });
  EXPECT_ERROR(coordinator.join(), ValueError, bad_argument, "no more");
  EXPECT_ERROR(coordinator.raise_requested_exception(), ValueError, bad_argument, "no more");
}

TEST(CoordinatorThreadsTest, NamesThoseThatDontStopInTime) {
  Coordinator coordinator;
  Coordinator release;
  for (const char* name : {"slow", "slower"}) {
    coordinator.start_thread(name, [&] { release.wait_for_stop(); });
  }
  coordinator.request_stop();
  EXPECT_ERROR(coordinator.join({.stop_grace_period_secs = 0}), RuntimeError, bad_argument,
               "Coordinator stopped with threads still running: slow slower");
  coordinator.join({.stop_grace_period_secs = 0, .ignore_live_threads = true});
  release.request_stop();
  coordinator.join();
}

TEST(CoordinatorThreadsTest, TheDestructorStopsThem) {
  std::atomic<bool> ended = false;
  {
    Coordinator coordinator;
    coordinator.start_thread("a", [&] {
      coordinator.wait_for_stop();
      ended = true;
    });
  }
  EXPECT_TRUE(ended);
}

TEST(CoordinatorTest, KeepsTheFirstFailure) {
  Coordinator coordinator;
  coordinator.request_stop(failure_of("first"));
  coordinator.request_stop(failure_of("second"));
  EXPECT_ERROR(coordinator.join(), ValueError, bad_argument, "first");
}

TEST(CoordinatorTest, DropsAFailureBehindAPlainStop) {
  Coordinator coordinator;
  coordinator.request_stop();
  coordinator.request_stop(failure_of("late"));
  coordinator.join();
}

TEST(CoordinatorTest, ThrowsAtOnceWhatIsReportedAfterJoin) {
  Coordinator coordinator;
  coordinator.request_stop();
  coordinator.join();
  EXPECT_ERROR(coordinator.request_stop(failure_of("late")), ValueError, bad_argument, "late");
}

TEST(CoordinatorTest, TakesTheEndOfInputForACleanStop) {
  Coordinator coordinator;
  coordinator.stop_on_exception([] { throw OutOfRangeError(ErrorKind::limit_reached, "end"); });
  EXPECT_TRUE(coordinator.should_stop());
  coordinator.join();
}

TEST(CoordinatorTest, TakesWhatItIsToldForACleanStop) {
  Coordinator coordinator({.clean_stop_exception_types = {is_exception<std::length_error>}});
  coordinator.stop_on_exception([] { throw std::length_error("end"); });
  coordinator.join();
  coordinator.clear_stop();
  EXPECT_FALSE(coordinator.should_stop());
  EXPECT_FALSE(coordinator.joined());
  coordinator.stop_on_exception([] { throw OutOfRangeError(ErrorKind::limit_reached, "end"); });
  EXPECT_ERROR(coordinator.join(), OutOfRangeError, limit_reached, "end");
  coordinator.clear_stop();
  coordinator.join();
}

TEST(CoordinatorThreadsTest, ALooperCallsUntilItIsStopped) {
  Coordinator coordinator;
  int calls = 0;
  LooperThread::loop(coordinator, {}, [&] {
    if (++calls == 3) coordinator.request_stop();
  });
  coordinator.join();
  EXPECT_EQ(calls, 3);
}

TEST(CoordinatorThreadsTest, ALooperBeginsAtOnceAndThenWaits) {
  Coordinator coordinator;
  std::vector<std::string> calls;
  const LooperThread looper(coordinator, 1000.0,
                            [&] {
                              calls.emplace_back("run");
                              coordinator.request_stop();
                            },
                            {.start_loop = [&] { calls.emplace_back("start"); },
                             .stop_loop = [&] { calls.emplace_back("stop"); }});
  EXPECT_TRUE(calls.empty());
  looper.start();
  coordinator.join();
  EXPECT_EQ(calls, (std::vector<std::string>{"start", "run", "stop"}));
}

TEST(CoordinatorThreadsTest, WhatALooperThrowsComesOutOfJoin) {
  Coordinator coordinator;
  LooperThread::loop(coordinator, 0.0, [] { throw ValueError(ErrorKind::bad_argument, "broken"); });
  EXPECT_ERROR(coordinator.join(), ValueError, bad_argument, "broken");
}

}  // namespace
}  // namespace tenon::train
