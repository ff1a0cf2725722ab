// What runs work in: one workspace a run under way, whatever number of plans there is.
#include "core/session/working_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/session/session_state.h"
#include "cpu_fallback/cpu_device.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

class WorkingMemoryTest : public ::testing::Test {
 protected:
  static constexpr size_t kLimit = 10000;

  // A plan of nothing but its size.
  Plan plan(size_t bytes) const {
    Plan plan;
    plan.name = str("plan of ", bytes);
    plan.devices = devices_;
    plan.uses_device = {true};
    plan.arenas = {{.bytes = bytes, .live_bytes = bytes}};
    return plan;
  }
  static void* address(const Workspace& workspace) { return workspace.blocks[0].memory.get(); }
  size_t held() const {
    size_t bytes = 0;
    for (const WorkingMemory::Holder& holder : memory_.holders()) bytes += holder.bytes;
    return bytes;
  }

  const KernelRegistry kernels_{};
  cpu::CpuDevice device_{kernels_, "/device:CPU:0", {.threads = 1, .memory_limit = kLimit}};
  std::vector<Device*> devices_ = {&device_};
  WorkingMemory memory_{devices_};
};

TEST_F(WorkingMemoryTest, PlansOneAfterTheOtherWorkInTheSameMemory) {
  std::unique_ptr<Workspace> workspace = memory_.lease(plan(4000), 0);
  void* const where = address(*workspace);
  memory_.give_back(std::move(workspace));
  workspace = memory_.lease(plan(3000), 0);
  EXPECT_EQ(address(*workspace), where);
  EXPECT_EQ(workspace->blocks[0].grown_for, "plan of 4000");
  memory_.give_back(std::move(workspace));
  EXPECT_EQ(held(), 4000u);
}

TEST_F(WorkingMemoryTest, GrowsByAQuarterAtLeast) {
  memory_.give_back(memory_.lease(plan(4000), 0));
  memory_.give_back(memory_.lease(plan(4001), 0));
  EXPECT_EQ(held(), 5000u);
  memory_.give_back(memory_.lease(plan(9000), 0));
  EXPECT_EQ(held(), 9000u);
  memory_.give_back(memory_.lease(plan(9001), 0));
  EXPECT_EQ(held(), 9001u) << "the device has no more";
}

TEST_F(WorkingMemoryTest, RunsAtOnceDoNotShare) {
  std::unique_ptr<Workspace> one = memory_.lease(plan(1000), 0), two = memory_.lease(plan(1000), 0);
  EXPECT_NE(address(*one), address(*two));
  EXPECT_NE(one->queues[0], nullptr);
  EXPECT_NE(one->number, two->number);
}

TEST_F(WorkingMemoryTest, GivesAPlanWhatItHadElseTheSmallestThatIsLargeEnough) {
  std::unique_ptr<Workspace> large = memory_.lease(plan(3000), 0),
                             small = memory_.lease(plan(500), 0),
                             middle = memory_.lease(plan(1000), 0);
  const uint64_t large_number = large->number, small_number = small->number,
                 middle_number = middle->number;
  memory_.give_back(std::move(middle));
  memory_.give_back(std::move(large));
  memory_.give_back(std::move(small));
  const auto given = [&](size_t bytes, uint64_t had) {
    std::unique_ptr<Workspace> workspace = memory_.lease(plan(bytes), had);
    const uint64_t number = workspace->number;
    memory_.give_back(std::move(workspace));
    return number;
  };
  EXPECT_EQ(given(700, 0), middle_number);
  EXPECT_EQ(given(100, 0), small_number);
  EXPECT_EQ(given(100, large_number), large_number);
  EXPECT_EQ(given(2000, small_number), large_number) << "what it had is too small by now";
  EXPECT_EQ(given(3500, 0), large_number) << "the largest grows";
}

TEST_F(WorkingMemoryTest, GivesIdleMemoryUpBeforeThereIsNone) {
  std::unique_ptr<Workspace> one = memory_.lease(plan(3000), 0), two = memory_.lease(plan(3000), 0);
  memory_.give_back(std::move(one));
  memory_.give_back(std::move(two));
  memory_.give_back(memory_.lease(plan(9000), 0));
  EXPECT_EQ(held(), 9000u);
  EXPECT_ERROR(memory_.lease(plan(20000), 0), ResourceExhaustedError, resource_exhausted, "20000");
  memory_.give_back(memory_.lease(plan(9000), 0));
}

TEST_F(WorkingMemoryTest, WhatWasLeasedByManyAtOnceGoesWhenItIsNotNeededForLong) {
  std::unique_ptr<Workspace> one = memory_.lease(plan(1000), 0), two = memory_.lease(plan(1000), 0);
  memory_.give_back(std::move(one));
  memory_.give_back(std::move(two));
  EXPECT_EQ(held(), 2000u);
  for (int i = 0; i < 3000; ++i) memory_.give_back(memory_.lease(plan(1000), 1));
  EXPECT_EQ(held(), 1000u);
}

TEST_F(WorkingMemoryTest, HoldsNothingOnceClosed) {
  std::unique_ptr<Workspace> workspace = memory_.lease(plan(1000), 0);
  memory_.give_back(memory_.lease(plan(2000), 0));
  memory_.close();
  EXPECT_EQ(held(), 0u);
  memory_.give_back(std::move(workspace));
  EXPECT_EQ(held(), 0u);
}

// What a session's runs hold, by device.
class SessionsMemoryTest : public ::testing::Test {
 protected:
  static size_t held(const Session& session) {
    size_t bytes = 0;
    for (const WorkingMemory::Holder& holder : session.state()->memory().holders()) {
      bytes += holder.bytes;
    }
    return bytes;
  }
  // The run must work in memory of its own: sums along both axes, each twice.
  static Output twice_summed(const Output& x) {
    return reduce_sum(cumsum(cumsum(x, {.axis = 1}), {.axis = 0}));
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {-1, 64}, {.name = "x"});
};

TEST_F(SessionsMemoryTest, StaysTheSameHoweverManyShapesAreFed) {
  for (const int gpus : {0, 1}) {
    const Output sum = twice_summed(x_);
    Session session({.emulated_gpus = gpus});
    const Callable callable = session.make_callable({sum}, {x_});
    session.run(sum, {{x_, Tensor(float32, {140, 64})}});
    const size_t after_one = held(session);
    EXPECT_GE(after_one, size_t{140} * 64 * sizeof(float));
    for (int64_t rows = 100; rows < 140; ++rows) {
      session.run(sum, {{x_, Tensor(float32, {rows, 64})}});
      callable({Tensor(float32, {rows + 1, 64})});
    }
    EXPECT_EQ(held(session), after_one) << gpus << " GPUs";
  }
}

TEST_F(SessionsMemoryTest, GrowsNoFurtherThanTheLargestShapeAndAQuarter) {
  const Output sum = twice_summed(x_);
  Session session, other;
  for (int64_t rows = 10; rows <= 60; ++rows) session.run(sum, {{x_, Tensor(float32, {rows, 64})}});
  other.run(sum, {{x_, Tensor(float32, {60, 64})}});
  EXPECT_LE(held(session), held(other) * 5 / 4);
}

TEST_F(SessionsMemoryTest, IsSharedByThePartsOfARunThatIsCut) {
  const Output rows = placeholder(int32, {1});
  const Output filled =
      twice_summed(reshape(tile(x_, concat({rows + 0, constant({1})}, 0)), {-1, 64}));
  Session session;
  session.run(filled, {{x_, Tensor(float32, {8, 64})}, {rows, Tensor({4})}});
  const size_t after_one = held(session);
  for (int i = 1; i <= 4; ++i) {
    session.run(filled, {{x_, Tensor(float32, {8, 64})}, {rows, Tensor({i})}});
  }
  EXPECT_EQ(held(session), after_one);
}

TEST_F(SessionsMemoryTest, PlansThatMoveWithItGiveTheSameValues) {
  const Output y = cumsum(cumsum(square(x_) + 1.0f, {.axis = 0}), {.axis = 1});
  for (const int gpus : {0, 1}) {
    Session session({.allow_soft_placement = true, .emulated_gpus = gpus});
    const Callable small = session.make_callable({y}, {x_}),
                   large = session.make_callable({y}, {x_});
    for (int64_t rows = 1; rows < 40; rows += 4) {
      for (int again = 0; again < 4; ++again) {
        const Tensor few = small({Tensor(float32, {2, 64})})[0];
        EXPECT_EQ(few.data<float>()[127], 128.0f);
        const Tensor many = large({Tensor(float32, {rows, 64})})[0];
        EXPECT_EQ(many.data<float>()[static_cast<size_t>(rows) * 64 - 1],
                  static_cast<float>(rows * 64));
      }
    }
  }
}

TEST_F(SessionsMemoryTest, IsNamedWhereThereIsNoMore) {
  const Output sum = twice_summed(x_);
  const Output value = placeholder(float32, {1 << 16});
  const Variable large = Variable(value, {.name = "large"});
  Session session({.device_count = {{"GPU", 0}}, .cpu_memory_limit = 100000});
  session.run(sum, {{x_, Tensor(float32, {100, 64})}});
  EXPECT_ERROR(
      session.run(large.initializer(), {{value, Tensor(float32, {1 << 16})}}),
      ResourceExhaustedError, resource_exhausted,
      "working memory on /job:localhost/replica:0/task:0/device:CPU:0, for the run of Sum:0");
}

}  // namespace
}  // namespace tenon::internal
