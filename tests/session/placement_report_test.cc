// explain_placement: where operations are, why, and what a run copies.
#include <gtest/gtest.h>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class PlacementReportTest : public ::testing::Test {
 protected:
  std::string reason(const Operation& op, bool soft = false) const {
    Session session(graph_, {.allow_soft_placement = soft, .emulated_gpus = 2});
    for (const PlacedOperation& one : session.explain_placement().operations) {
      if (one.operation == op.name()) return one.device.substr(task_.size()) + ": " + one.reason;
    }
    return "";
  }

  const std::string task_ = "/job:localhost/replica:0/task:0";
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(PlacementReportTest, SaysWhatWasAskedFor) {
  const Output free = constant(1.0f);
  EXPECT_EQ(reason(free.op()), "/device:GPU:0: asked for nothing");
  const ScopeGuard there = device("/gpu:1");
  EXPECT_EQ(reason(square(free).op()), "/device:GPU:1: asked for /device:GPU:1");
}

TEST_F(PlacementReportTest, SaysWithWhomAnOperationIsColocated) {
  Variable v;
  {
    const ScopeGuard there = device("/gpu:1");
    v = get_variable("v", {.shape = {2}});
  }
  EXPECT_EQ(reason(v.op()), "/device:GPU:1: asked for /device:GPU:1");
  EXPECT_EQ(reason(v.initializer()), "/device:GPU:1: where variable v is");
  EXPECT_EQ(reason(v.initial_value().op()), "/device:GPU:1: colocated with v");
  const Output x = constant(1.0f, {.name = "x"});
  const ScopeGuard with = colocate_with(x.op());
  EXPECT_EQ(reason(constant(2.0f).op()), "/device:GPU:0: colocated with x");
}

TEST_F(PlacementReportTest, SaysWhichKernelsAreMissing) {
  const Output text = constant(Tensor("a"), {.name = "text"});
  EXPECT_EQ(reason(text.op()), "/device:CPU:0: no GPU has a kernel for it");
  const Output x = constant(1.0f, {.name = "x"});
  {
    const ScopeGuard with = colocate_with(x.op());
    constant(Tensor("b"), {.name = "beside"});
  }
  EXPECT_EQ(reason(x.op()),
            "/device:CPU:0: no GPU has a kernel for beside, which is placed with it");
}

TEST_F(PlacementReportTest, SaysWhySoftPlacementTookAnotherDevice) {
  Output missing, text;
  {
    const ScopeGuard there = device("/gpu:7");
    missing = constant(1.0f);
  }
  {
    const ScopeGuard there = device("/gpu:1");
    text = constant(Tensor("a"));
  }
  EXPECT_EQ(reason(missing.op(), true),
            "/device:GPU:0: soft placement: asked for /device:GPU:7, which isn't there");
  EXPECT_EQ(reason(text.op(), true),
            "/device:CPU:0: soft placement: asked for /device:GPU:1, which has no kernel for it");
  EXPECT_ERROR(reason(text.op()), InvalidArgumentError, bad_placement, "/device:GPU:7");
}

TEST_F(PlacementReportTest, CountsTheBytesThatARunCopies) {
  const Output x = placeholder(float32, {-1, 4}, {.name = "x"});
  Output y;
  {
    const ScopeGuard there = device("/gpu:0");
    y = matmul(x, x, {.transpose_b = true});
  }
  {
    const ScopeGuard there = device("/gpu:1");
    y = reduce_sum(y);
  }
  Session session({.emulated_gpus = 2});
  const Feeds feeds = {{x, Tensor(float32, {3, 4})}};
  const PlacementReport report = session.explain_placement({y}, feeds);
  ASSERT_EQ(report.copies.size(), 3u);
  EXPECT_EQ(report.copies[0].to, task_ + "/device:GPU:0");
  EXPECT_EQ(report.copies[0].bytes, 48u);
  EXPECT_EQ(report.copies[1].from, task_ + "/device:GPU:0");
  EXPECT_EQ(report.copies[1].operation, "MatMul");
  EXPECT_EQ(report.copies[1].bytes, 36u);
  EXPECT_EQ(report.copies[2].to, task_ + "/device:CPU:0");
  EXPECT_EQ(report.copies[2].bytes, 4u);
  EXPECT_EQ(report.copied_bytes(), 88u);
  const std::string text = report.to_string();
  EXPECT_THAT(text, ::testing::HasSubstr("MatMul (MatMul) " + task_ +
                                         "/device:GPU:0: asked for /device:GPU:0\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("MatMul float32(3, 3) " + task_ + "/device:GPU:0 -> " +
                                         task_ + "/device:GPU:1: 36 bytes\n"));
  EXPECT_THAT(text, ::testing::EndsWith("\n88 bytes cross devices\n"));
  EXPECT_TRUE(session.explain_placement().copies.empty());
}

TEST_F(PlacementReportTest, CopiesAVariableOnceARunAndDevice) {
  Variable w;
  {
    const ScopeGuard there = device("/cpu:0");
    w = get_variable("w", {.shape = {10}, .caching_device = "/gpu:1"});
  }
  std::vector<Fetch> towers;
  for (const char* where : {"/gpu:0", "/gpu:1"}) {
    const ScopeGuard there = device(where);
    towers.emplace_back(reduce_sum(w) + reduce_max(w));
  }
  Session session({.emulated_gpus = 2});
  int copies_of_w = 0;
  for (const DeviceCopy& copy : session.explain_placement(towers).copies) {
    if (copy.bytes == 40) ++copies_of_w;
  }
  EXPECT_EQ(copies_of_w, 2);
}

// An initializer that runs the session and throws: what was placed by then is there to stay.
TEST_F(PlacementReportTest, IsRightForWhatIsMadeAfterAVariableFailed) {
  Session session({.emulated_gpus = 2});
  const Initializer fails = [&](const Shape& shape, DType, const PartitionInfo*) -> Output {
    const ScopeGuard there = device("/cpu:0");
    session.run(zeros(shape));
    throw std::runtime_error("no value");
  };
  EXPECT_THROW(get_variable("v", {.shape = {2}, .initializer = fails}), std::runtime_error);
  std::vector<Output> made;
  const ScopeGuard there = device("/gpu:1");
  for (int i = 0; i < 4; ++i) made.push_back(constant(1.0f));
  const PlacementReport report = session.explain_placement();
  for (const PlacedOperation& one : report.operations) {
    for (const Output& output : made) {
      if (one.operation == output.op().name()) {
        EXPECT_EQ(one.device, task_ + "/device:GPU:1") << one.operation;
      }
    }
  }
}

}  // namespace
}  // namespace tenon
