#include "core/plan/place.h"

#include <gtest/gtest.h>

#include "cpu_fallback/backend.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

class PlaceTest : public ::testing::Test {
 protected:
  // Where an operation is put, for these devices.
  std::string place_of(const Operation& op, bool soft = false) {
    place(*graph_.state(), devices_, {.allow_soft_placement = soft}, placement_);
    return devices_[static_cast<size_t>(placement_[static_cast<size_t>(op.node()->id)].device)]
        ->name();
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  std::unique_ptr<Device> cpu_0_ = cpu_backend().open(0, "/job:localhost/device:CPU:0", {});
  std::unique_ptr<Device> cpu_1_ = cpu_backend().open(0, "/job:localhost/device:CPU:1", {});
  std::vector<Device*> devices_ = {cpu_0_.get(), cpu_1_.get()};
  std::vector<Placed> placement_;
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

class PlaceOnGpusTest : public PlaceTest {
 protected:
  PlaceOnGpusTest() { devices_ = {cpu_0_.get(), gpu_0_.get(), gpu_1_.get()}; }
  std::unique_ptr<Device> gpu_0_ =
      emulated_gpu_backend().open(0, "/job:localhost/device:GPU:0", {});
  std::unique_ptr<Device> gpu_1_ =
      emulated_gpu_backend().open(1, "/job:localhost/device:GPU:1", {});
};

TEST_F(PlaceOnGpusTest, PrefersTheFirstGpuWithAKernel) {
  EXPECT_EQ(place_of(square(2.0f).op()), "/job:localhost/device:GPU:0");
  EXPECT_EQ(place_of(constant(Tensor("text")).op()), "/job:localhost/device:CPU:0");
}

TEST_F(PlaceOnGpusTest, ReadsAVariableWhereItIsUnlessAskedOtherwise) {
  Variable v;
  {
    const ScopeGuard on = device("/gpu:1");
    v = Variable(Tensor(1.0f), {.name = "v"});
  }
  EXPECT_EQ(place_of(v.read_value().op()), "/job:localhost/device:GPU:1");
  const ScopeGuard on = device("/cpu:0");
  const Output elsewhere = identity(v.op().output(0));
  EXPECT_EQ(place_of(elsewhere.op()), "/job:localhost/device:CPU:0");
}

TEST_F(PlaceOnGpusTest, MovesAGroupThatNoGpuCanRunToTheCpu) {
  const Output number = constant(1.0f);
  Output text;
  {
    const ScopeGuard with = colocate_with(number.op());
    text = constant(Tensor("text"));
  }
  EXPECT_EQ(place_of(number.op()), "/job:localhost/device:CPU:0");
}

TEST_F(PlaceOnGpusTest, SaysWhichOperationHasNoKernelWhereItAsksToBe) {
  const ScopeGuard on = device("/gpu:1");
  const Output text = constant(Tensor("text"), {.name = "text"});
  EXPECT_ERROR(place_of(text.op()), InvalidArgumentError, bad_placement,
               "Could not satisfy explicit device specification '/device:GPU:1' because no "
               "supported kernel is available there for 'text' (Const)");
  EXPECT_EQ(place_of(text.op(), true), "/job:localhost/device:CPU:0");
}

TEST_F(PlaceOnGpusTest, SoftlyPutsAMissingGpuOnTheFirst) {
  const ScopeGuard on = device("/gpu:7");
  EXPECT_EQ(place_of(constant(1.0f).op(), true), "/job:localhost/device:GPU:0");
}

TEST_F(PlaceOnGpusTest, RejectsColocationWithTwoPlaces) {
  const Output number = constant(1.0f), text = constant(Tensor("text"));
  place_of(number.op());
  const ScopeGuard first = colocate_with(number.op());
  const ScopeGuard second = colocate_with(text.op());
  const Output both = constant(2.0f, {.name = "both"});
  EXPECT_ERROR(place_of(both.op()), InvalidArgumentError, bad_placement,
               "Cannot colocate operation both with operations on /job:localhost/device:GPU:0 and "
               "with others on /job:localhost/device:CPU:0");
}

}  // namespace
}  // namespace tenon::internal
