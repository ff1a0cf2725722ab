// MonitoredTrainingSession: when hooks are called, what comes out of failures, and that a training
// begins where it was stopped. The sequences of calls are TensorFlow's, as sequences.py beside this
// prints them.
#include "tenon/monitored_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tenon/tenon.h"
#include "tests/loop/loop_testing.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::train {
namespace {

using testing::ElementsAre;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> all;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(", ", at), text.size());
    all.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return all;
}

// Writes down what it is asked; throws or stops where it is told to.
class Recorder : public SessionRunHook {
 public:
  Recorder(std::string name, std::vector<std::string>& calls)
      : name_(std::move(name)), calls_(&calls) {}
  Recorder& fail_in(std::string call) {
    fail_in_ = std::move(call);
    return *this;
  }
  Recorder& stop_in(std::string call) {
    stop_in_ = std::move(call);
    return *this;
  }

  void begin() override { note("begin"); }
  void after_create_session(Session&, Coordinator&) override { note("after_create_session"); }
  SessionRunArgs before_run(SessionRunContext& context) override {
    if (stop_in_ == "before_run") context.request_stop();
    note("before_run");
    return {};
  }
  void after_run(SessionRunContext& context, const SessionRunValues&) override {
    if (stop_in_ == "after_run") context.request_stop();
    note("after_run");
  }
  void end(Session&) override { note("end"); }

 private:
  void note(const std::string& call) {
    calls_->push_back(name_ + "." + call);
    if (call == fail_in_) throw RuntimeError(ErrorKind::bad_argument, name_ + " failed in " + call);
  }

  std::string name_, fail_in_, stop_in_;
  std::vector<std::string>* calls_;
};

class MonitoredSessionTest : public CountingTest {
 protected:
  Recorder recorder(const std::string& name) { return {name, calls_}; }
  int64_t steps(const MonitoredSession& session) const {
    return global_step(session.raw_session(), step_);
  }

  // Three hooks, of which the second fails; what came out of a run and the end.
  void run_failing_in(const std::string& call) {
    MonitoredTrainingSession session(
        {.hooks = {recorder("a"), recorder("b").fail_in(call), recorder("c")}});
    try {
      session.run(train_);
    } catch (const RuntimeError&) {
      EXPECT_FALSE(session.should_stop());
      throw;
    }
    session.close();
  }
  void expect_failure(const std::string& call, const std::string& calls) {
    EXPECT_ERROR(run_failing_in(call), RuntimeError, bad_argument, "b failed in " + call);
    EXPECT_EQ(calls_, words(calls));
    EXPECT_FALSE(graph_.finalized());
  }

  std::vector<std::string> calls_;
};

TEST_F(MonitoredSessionTest, CallsEachHookInTurn) {
  MonitoredTrainingSession session({.hooks = {recorder("a"), recorder("b")}});
  EXPECT_TRUE(graph_.finalized());
  EXPECT_EQ(session.graph(), graph_);
  EXPECT_EQ(session.run(train_).scalar<int64_t>(), 1);
  EXPECT_FALSE(session.should_stop());
  session.close();
  EXPECT_EQ(calls_, words("a.begin, b.begin, a.after_create_session, b.after_create_session, "
                          "a.before_run, b.before_run, a.after_run, b.after_run, a.end, b.end"));
  EXPECT_TRUE(session.should_stop());
  EXPECT_FALSE(graph_.finalized());
}

TEST_F(MonitoredSessionTest, CallsTheChiefsHooksFirst) {
  MonitoredTrainingSession session(
      {.hooks = {recorder("a")}, .chief_only_hooks = {recorder("chief")}});
  session.close();
  EXPECT_EQ(calls_, words("chief.begin, a.begin, chief.after_create_session, "
                          "a.after_create_session, chief.end, a.end"));
}

TEST_F(MonitoredSessionTest, AFailureInBeginEndsIt) { expect_failure("begin", "a.begin, b.begin"); }

TEST_F(MonitoredSessionTest, AFailureInAfterCreateSessionEndsIt) {
  expect_failure("after_create_session",
                 "a.begin, b.begin, c.begin, a.after_create_session, b.after_create_session");
}

constexpr const char* kCreated =
    "a.begin, b.begin, c.begin, a.after_create_session, b.after_create_session, "
    "c.after_create_session";

TEST_F(MonitoredSessionTest, AFailureInBeforeRunEndsTheRun) {
  expect_failure("before_run", kCreated + std::string(", a.before_run, b.before_run"));
}

TEST_F(MonitoredSessionTest, AFailureInAfterRunEndsTheRun) {
  expect_failure("after_run", kCreated + std::string(", a.before_run, b.before_run, c.before_run, "
                                                     "a.after_run, b.after_run"));
}

TEST_F(MonitoredSessionTest, AFailureInEndComesOutOfClose) {
  expect_failure("end", kCreated + std::string(", a.before_run, b.before_run, c.before_run, "
                                               "a.after_run, b.after_run, c.after_run, "
                                               "a.end, b.end"));
}

TEST_F(MonitoredSessionTest, AStopInBeforeRunLetsTheRunBeDone) {
  MonitoredTrainingSession session({.hooks = {recorder("a").stop_in("before_run")}});
  session.run(train_);
  EXPECT_EQ(calls_, words("a.begin, a.after_create_session, a.before_run, a.after_run"));
  EXPECT_TRUE(session.should_stop());
  EXPECT_EQ(steps(session), 1);
  EXPECT_ERROR(session.run(train_), RuntimeError, bad_argument,
               "Run called even after should_stop requested.");
  session.close();
}

TEST_F(MonitoredSessionTest, AStopInAfterRunCountsFromThere) {
  MonitoredTrainingSession session({.hooks = {recorder("a").stop_in("after_run")}});
  session.run(train_);
  EXPECT_TRUE(session.should_stop());
}

TEST_F(MonitoredSessionTest, AStopOfARunThatFailsIsForgotten) {
  MonitoredTrainingSession session(
      {.hooks = {recorder("a").stop_in("before_run"), recorder("b").fail_in("after_run")}});
  EXPECT_ERROR(session.run(train_), RuntimeError, bad_argument, "b failed in after_run");
  EXPECT_FALSE(session.should_stop());
}

TEST_F(MonitoredSessionTest, GoesOnAfterARunThatFailed) {
  const Output x = placeholder(float32, {});
  MonitoredTrainingSession session({.hooks = {recorder("a")}});
  EXPECT_ERROR(session.run(x), InvalidArgumentError, must_feed, "");
  EXPECT_FALSE(session.should_stop());
  EXPECT_EQ(session.run(train_).scalar<int64_t>(), 1);
  session.close();
  EXPECT_EQ(calls_, words("a.begin, a.after_create_session, a.before_run, a.before_run, "
                          "a.after_run, a.end"));
}

// As Python's `with` block is left by an exception.
TEST_F(MonitoredSessionTest, DoesntCallEndWhereAnExceptionLeavesItsBlock) {
  try {
    MonitoredTrainingSession session({.hooks = {recorder("a")}});
    throw std::logic_error("mine");
  } catch (const std::logic_error&) {
    calls_.emplace_back("caught");
  }
  EXPECT_EQ(calls_, words("a.begin, a.after_create_session, caught"));
  EXPECT_FALSE(graph_.finalized());
}

TEST_F(MonitoredSessionTest, IsClosedWhereItsBlockEnds) {
  { MonitoredTrainingSession session({.hooks = {recorder("a")}}); }
  EXPECT_EQ(calls_, words("a.begin, a.after_create_session, a.end"));
}

TEST_F(MonitoredSessionTest, SaysWhatFailsWhereItsBlockEnds) {
  testing::internal::CaptureStderr();
  { MonitoredTrainingSession session({.hooks = {recorder("a").fail_in("end")}}); }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "tenon: a monitored session ended: a failed in end\n");
}

TEST_F(MonitoredSessionTest, CantBeClosedTwice) {
  MonitoredTrainingSession session({.hooks = {recorder("a")}});
  session.close();
  EXPECT_TRUE(session.should_stop());
  EXPECT_ERROR(session.close(), RuntimeError, closed, "Session is already closed.");
  EXPECT_ERROR(session.run(train_), RuntimeError, closed, "Session is already closed.");
  EXPECT_ERROR(session.raw_session(), RuntimeError, closed, "Session is already closed.");
  EXPECT_EQ(calls_, words("a.begin, a.after_create_session, a.end"));
}

TEST_F(MonitoredSessionTest, ClosesThoughAHookFailsInEnd) {
  MonitoredTrainingSession session({.hooks = {recorder("a").fail_in("end")}});
  EXPECT_ERROR(session.close(), RuntimeError, bad_argument, "a failed in end");
  EXPECT_ERROR(session.close(), RuntimeError, closed, "already closed");
}

// Has a thread that fails.
class StopsByThread : public SessionRunHook {
 public:
  explicit StopsByThread(std::function<void()> fail, bool fail_at_end = false)
      : fail_(std::move(fail)), fail_at_end_(fail_at_end) {}
  void after_create_session(Session&, Coordinator& coordinator) override {
    coordinator.start_thread("fails", fail_);
    coordinator.wait_for_stop();
  }
  void end(Session&) override {
    if (fail_at_end_) throw RuntimeError(ErrorKind::bad_argument, "failed in end");
  }

 private:
  std::function<void()> fail_;
  bool fail_at_end_;
};

TEST_F(MonitoredSessionTest, AThreadsFailureStopsItAndComesOutOfClose) {
  const auto fail = [] { throw OutOfRangeError(ErrorKind::limit_reached, "of a thread"); };
  MonitoredTrainingSession session({.hooks = {StopsByThread(fail), recorder("a")}});
  EXPECT_TRUE(session.should_stop());
  session.run(train_);
  EXPECT_ERROR(session.close(), OutOfRangeError, limit_reached, "of a thread");
  EXPECT_EQ(calls_, words("a.begin, a.after_create_session, a.before_run, a.after_run, a.end"));
}

TEST_F(MonitoredSessionTest, OfTwoFailuresAtTheEndTheThreadsIsToldToo) {
  const auto fail = [] { throw std::logic_error("of a thread"); };
  MonitoredTrainingSession session({.hooks = {StopsByThread(fail, true)}});
  EXPECT_ERROR(session.close(), RuntimeError, bad_argument,
               "failed in end; then, while closing: of a thread");
}

TEST_F(MonitoredSessionTest, AStepFunctionRunsWithAndWithoutHooks) {
  MonitoredTrainingSession session({.hooks = {recorder("a")}});
  const auto step = [&](const StepContext& context) {
    context.session().run(train_);
    EXPECT_THAT(calls_, ElementsAre("a.begin", "a.after_create_session"));
    return context.run_with_hooks(train_).scalar<int64_t>();
  };
  EXPECT_EQ(session.run_step_fn(step), 2);
  EXPECT_EQ(calls_, words("a.begin, a.after_create_session, a.before_run, a.after_run"));
  const auto stop = [](const StepContext&) { StepContext::request_stop(); };
  EXPECT_ERROR(session.run_step_fn(stop), train::StopIteration, limit_reached,
               "step_fn has requested the iterations to stop.");
  EXPECT_FALSE(session.should_stop());
}

TEST_F(MonitoredSessionTest, LoopEndsWhereAHookAsksForIt) {
  MonitoredTrainingSession session({.hooks = {StopAtStepHook({.last_step = 4}), recorder("a")}});
  int rounds = 0;
  session.loop([&] {
    session.run(train_);
    ++rounds;
  });
  EXPECT_EQ(rounds, 4);
  EXPECT_EQ(calls_.back(), "a.end");
  EXPECT_ERROR(session.close(), RuntimeError, closed, "already closed");
}

// As leaving Python's `with` block by OutOfRangeError or StopIteration.
TEST_F(MonitoredSessionTest, LoopEndsWellWithTheInput) {
  for (const bool by_step : {false, true}) {
    calls_.clear();
    MonitoredTrainingSession session({.hooks = {recorder("a")}});
    session.loop([&] {
      if (by_step) StepContext::request_stop();
      throw OutOfRangeError(ErrorKind::limit_reached, "no more");
    });
    EXPECT_EQ(calls_, words("a.begin, a.after_create_session, a.end"));
  }
}

TEST_F(MonitoredSessionTest, LoopLetsOtherFailuresOut) {
  MonitoredTrainingSession session({.hooks = {recorder("a")}});
  const auto fail = [] { throw ValueError(ErrorKind::bad_argument, "mine"); };
  EXPECT_ERROR(session.loop(fail), ValueError, bad_argument, "mine");
  EXPECT_EQ(calls_, words("a.begin, a.after_create_session"));
}

class FeedsX : public SessionRunHook {
 public:
  FeedsX(Output x, std::optional<float> value) : x_(std::move(x)), value_(value) {}
  SessionRunArgs before_run(SessionRunContext& context) override {
    EXPECT_FALSE(context.original_args().fetches.empty());
    if (!value_) return {};
    return {.fetches = {"twice:0", x_}, .feed_dict = {{x_, Tensor(*value_)}}};
  }
  void after_run(SessionRunContext&, const SessionRunValues& values) override {
    for (const Tensor& value : values.results) got.push_back(value.scalar<float>());
  }

  std::vector<float> got;

 private:
  Output x_;
  std::optional<float> value_;
};

TEST_F(MonitoredSessionTest, AHookFeedsAndFetches) {
  const Output x = placeholder(float32, {}, {.name = "x"});
  const Output twice = multiply(x, 2.0f, {.name = "twice"});
  const auto hook = std::make_shared<FeedsX>(x, 3.0f);
  MonitoredTrainingSession session({.hooks = {FeedsX(x, {}), hook}});
  const std::vector<Tensor> out = session.run({twice, x, train_.op()});
  EXPECT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].scalar<float>(), 6.0f);
  EXPECT_EQ(out[1].scalar<float>(), 3.0f);
  EXPECT_FALSE(out[2]);
  EXPECT_THAT(hook->got, ElementsAre(6.0f, 3.0f));
  EXPECT_EQ(session.run(std::vector<Output>{twice})[0].scalar<float>(), 6.0f);
}

TEST_F(MonitoredSessionTest, RefusesATensorThatIsFedTwice) {
  const Output x = placeholder(float32, {}, {.name = "x"});
  multiply(x, 2.0f, {.name = "twice"});
  {
    MonitoredTrainingSession session({.hooks = {FeedsX(x, 2.0f), FeedsX(x, 3.0f)}});
    EXPECT_ERROR(session.run(x), RuntimeError, bad_feed,
                 "Same tensor is fed by two hooks. Conflict(s): x:0");
  }
  MonitoredTrainingSession session({.hooks = {FeedsX(x, 2.0f)}});
  EXPECT_ERROR(session.run(x, {{"x:0", Tensor(1.0f)}}), RuntimeError, bad_feed,
               "Same tensor is fed by a SessionRunHook and user. Conflict(s): x:0");
}

TEST_F(MonitoredSessionTest, RefusesANullHook) {
  const std::shared_ptr<Recorder> none;
  EXPECT_ERROR(MonitoredTrainingSession({.hooks = {none}}), ValueError, bad_argument, "null");
}

TEST_F(MonitoredSessionTest, SaysSoWhenItWasMovedFrom) {
  MonitoredTrainingSession from;
  MonitoredTrainingSession to(std::move(from));
  EXPECT_EQ(to.run(train_).scalar<int64_t>(), 1);
  // NOLINTBEGIN(bugprone-use-after-move): that is what is tried
  EXPECT_MOVED_FROM(from.run(train_));
  EXPECT_MOVED_FROM(from.should_stop());
  EXPECT_MOVED_FROM(from.close());
  EXPECT_MOVED_FROM(from.graph());
  EXPECT_MOVED_FROM(from.raw_session());
  // NOLINTEND(bugprone-use-after-move)
}

}  // namespace
}  // namespace tenon::train
