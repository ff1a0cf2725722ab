#include "core/session/runs_under_way.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cpu_fallback/backend.h"
#include "cpu_fallback/cpu_device.h"

namespace tenon::internal {
namespace {

using ::testing::ElementsAre;

class RunsUnderWayTest : public ::testing::Test {
 protected:
  std::vector<RunEnd> started() const {
    std::vector<RunEnd> ends;
    runs_.snapshot(ends);
    return ends;
  }
  std::vector<Event*> under_way() const {
    std::vector<Event*> events;
    for (const RunEnd& end : started()) events.push_back(end.event.get());
    return events;
  }

  RunsUnderWay runs_;
  const std::shared_ptr<Event> a_ = std::make_shared<Event>(), b_ = std::make_shared<Event>();
};

TEST_F(RunsUnderWayTest, ARunStandsForThoseItCameAfter) {
  runs_.replace(started(), a_);
  EXPECT_THAT(under_way(), ElementsAre(a_.get()));
  runs_.replace(started(), b_);
  EXPECT_THAT(under_way(), ElementsAre(b_.get()));
}

TEST_F(RunsUnderWayTest, RunsSideBySideAreBothUnderWay) {
  const std::vector<RunEnd> first = started(), second = started();
  runs_.replace(first, a_);
  runs_.replace(second, b_);
  EXPECT_THAT(under_way(), ElementsAre(a_.get(), b_.get()));
}

// The context of a was leased again meanwhile: its second run ended after b's began.
TEST_F(RunsUnderWayTest, AnEndThatWasRecordedAgainStays) {
  runs_.replace(started(), a_);
  const std::vector<RunEnd> of_b = started(), of_a = started();
  runs_.replace(of_a, a_);
  runs_.replace(of_b, b_);
  EXPECT_THAT(under_way(), ElementsAre(a_.get(), b_.get()));
}

TEST_F(RunsUnderWayTest, AreTheSameForAllSessionsOnADevice) {
  const auto device = cpu_backend().open(0, "/device:CPU:0", {.threads = 1});
  const auto other = cpu_backend().open(0, "/device:CPU:1", {.threads = 1});
  const std::shared_ptr<RunsUnderWay> runs = runs_under_way(*device);
  EXPECT_EQ(runs_under_way(*device), runs);
  EXPECT_NE(runs_under_way(*other), runs);
  // Each session opens its devices anew.
  const auto again = cpu_backend().open(0, "/job:ps/device:CPU:0", {.threads = 1});
  EXPECT_EQ(runs_under_way(*again), runs);
}

// Both may be called GPU:0, and neither knows the other's events.
TEST_F(RunsUnderWayTest, AreNotThoseOfAnotherBackendsDevice) {
  const auto emulated = emulated_gpu_backend().open(0, "/device:GPU:0", {.threads = 1});
  const KernelRegistry kernels;
  const cpu::CpuDevice real(kernels, "/device:GPU:0", {.threads = 1});
  EXPECT_NE(runs_under_way(*emulated), runs_under_way(real));
}

}  // namespace
}  // namespace tenon::internal
