#include "core/plan/place.h"

#include <gtest/gtest.h>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

class PlaceTest : public ::testing::Test {
 protected:
  // Where an operation is put, for these devices.
  std::string place_of(const Operation& op, bool soft = false) {
    place(*graph_.state(), devices_, {.allow_soft_placement = soft}, placement_);
    return devices_[static_cast<size_t>(placement_[static_cast<size_t>(op.node()->id)])]
        .to_string();
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  std::vector<DeviceSpec> devices_ = {DeviceSpec::from_string("/job:localhost/device:CPU:0"),
                                      DeviceSpec::from_string("/job:localhost/device:CPU:1")};
  std::vector<int> placement_;
};

TEST_F(PlaceTest, PutsWhatAsksForNothingOnTheFirstDevice) {
  EXPECT_EQ(place_of(constant(1.0f).op()), "/job:localhost/device:CPU:0");
}

TEST_F(PlaceTest, PutsAnOperationWhereItAsksToBe) {
  const ScopeGuard on = device("/cpu:1");
  EXPECT_EQ(place_of(constant(1.0f).op()), "/job:localhost/device:CPU:1");
}

TEST_F(PlaceTest, PutsAssignmentsWhereTheirVariableIs) {
  Variable v;
  {
    const ScopeGuard on = device("/cpu:1");
    v = Variable(Tensor(1.0f), {.name = "v"});
  }
  EXPECT_EQ(place_of(v.assign(2.0f).op()), "/job:localhost/device:CPU:1");
}

TEST_F(PlaceTest, PutsColocatedOperationsTogether) {
  Output there;
  {
    const ScopeGuard on = device("/cpu:1");
    there = constant(1.0f);
  }
  const ScopeGuard with = colocate_with(there.op());
  EXPECT_EQ(place_of(constant(2.0f).op()), "/job:localhost/device:CPU:1");
}

TEST_F(PlaceTest, RejectsADeviceThatIsNotThereAndListsThoseThatAre) {
  const ScopeGuard on = device("/gpu:3");
  const Output lost = constant(1.0f, {.name = "lost"});
  EXPECT_ERROR(place_of(lost.op()), InvalidArgumentError, bad_placement, "lost");
  EXPECT_ERROR(place_of(lost.op()), InvalidArgumentError, bad_placement,
               "/job:localhost/device:CPU:1");
  EXPECT_TRUE(placement_.empty());
  EXPECT_EQ(place_of(lost.op(), true), "/job:localhost/device:CPU:0");
}

TEST_F(PlaceTest, RejectsAnotherJobEvenSoftly) {
  const ScopeGuard on = device("/job:ps");
  const Output lost = constant(1.0f);
  EXPECT_ERROR(place_of(lost.op(), true), InvalidArgumentError, bad_placement, "/job:ps");
}

TEST_F(PlaceTest, LeavesWhatIsPlacedWhereItIs) {
  Output first;
  {
    const ScopeGuard on = device("/cpu:1");
    first = constant(1.0f);
  }
  place_of(first.op());
  const Output second = constant(2.0f);
  EXPECT_EQ(place_of(second.op()), "/job:localhost/device:CPU:0");
  EXPECT_EQ(place_of(first.op()), "/job:localhost/device:CPU:1");
}

}  // namespace
}  // namespace tenon::internal
