#include <gtest/gtest.h>

#include "tests/plan/pass_fixture.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

class TransferTest : public GpuPassTest {};

TEST_F(TransferTest, SendsWhatIsFedAndWhatIsFetched) {
  run_to("transfer", {x_ * 2.0f});
  ASSERT_EQ(of_kind(StepKind::kSend).size(), 2u);
  const std::vector<OpId> received = of_kind(StepKind::kReceive);
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(plan_.op(received[0]).device, DeviceId(1));
  EXPECT_EQ(plan_.op(received[1]).device, kHostDevice);
  EXPECT_EQ(plan_.value(plan_.fetches()[0]).memory, kHostMemory);
}

TEST_F(TransferTest, SendsNothingBetweenOperationsOfOneDevice) {
  const Output y = x_ * 2.0f;
  run_to("transfer", {square(y) - y});
  EXPECT_EQ(names(StepKind::kSend).size(), 2u);
}

TEST_F(TransferTest, KeepsConstantsWhereTheyAreUsed) {
  run_to("transfer", {constant(Tensor({1.0f, 2.0f})) + x_});
  EXPECT_EQ(names(StepKind::kSend).size(), 2u);
}

TEST_F(TransferTest, SendsAValueOnceForAllThatUseItThere) {
  run_to("transfer", {square(x_) + exp(x_) + reshape(x_, {2})});
  EXPECT_EQ(names(StepKind::kSend).size(), 2u) << "x, and the sum";
}

TEST_F(TransferTest, BothEndsOfATransferKnowEachOther) {
  run_to("transfer", {square(x_)});
  const PlanOp& send = plan_.op(of_kind(StepKind::kSend)[0]);
  const PlanOp& receive = plan_.op(of_kind(StepKind::kReceive)[0]);
  EXPECT_EQ(send.event, receive.event);
  EXPECT_EQ(send.peer, receive.device);
  EXPECT_EQ(receive.peer, send.device);
}

TEST_F(TransferTest, APlanWithoutOneOfItsCopiesIsRefused) {
  run_to("order", {square(x_)});
  const OpId square = find("Square", StepKind::kElementwise);
  for (size_t i = 0; i < plan_.value_count(); ++i) {
    if (plan_.value(ValueId(i)).feed() == 0) plan_.replace_input(square, 0, ValueId(i));
  }
  EXPECT_ERROR(plan_.verify_memories(*environment_), RuntimeError, bad_placement,
               "lies in memory of /device:CPU:0: a copy is missing from the plan");
}

}  // namespace
}  // namespace tenon::internal
