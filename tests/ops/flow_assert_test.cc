// Guards and Print: what they let pass, what they say, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class GuardTest : public ::testing::Test {
 protected:
  void run(const Operation& op, const Tensor& x) { session_.run(op, {{x_, x}}); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Session session_{graph_};
  Output x_ = placeholder(float32, Shape::unknown());
};

TEST_F(GuardTest, AssertFailsARunAndShowsItsData) {
  const Operation guard = Assert(reduce_all(x_ > 0.0f), {"x isn't positive:", x_, 7});
  run(guard, Tensor({1.0f, 2.0f}));
  EXPECT_ERROR(run(guard, Tensor({-1.0f, 2.0f, 3.0f, 4.0f})), InvalidArgumentError,
               assertion_failed, "assertion failed: [x isn't positive:] [-1 2 3...] [7]");
  EXPECT_ERROR(run(guard, Tensor({-1.0f, 2.0f})), InvalidArgumentError, assertion_failed,
               "'Assert/Assert' (Assert)");
}

TEST_F(GuardTest, AssertShowsAsManyElementsAsItIsTold) {
  const Output fails = reduce_all(x_ > 0.0f);
  const Tensor x({-1.0f, 2.0f, 3.0f, 4.0f});
  EXPECT_ERROR(run(Assert(fails, {x_}, {.summarize = 1}), x), InvalidArgumentError,
               assertion_failed, "[-1...]");
  EXPECT_ERROR(run(Assert(fails, {x_}, {.summarize = -1}), x), InvalidArgumentError,
               assertion_failed, "[-1 2 3 4]");
  EXPECT_ERROR(run(Assert(fails, {x_ > 2.5f}, {.summarize = -1}), x), InvalidArgumentError,
               assertion_failed, "[False False True True]");
}

TEST_F(GuardTest, AssertRefusesWhatItCantDecideBy) {
  EXPECT_ERROR(Assert(constant({true, false}), {1}), InvalidArgumentError, shape_incompatible,
               "must be a scalar");
  EXPECT_ERROR(Assert(x_, {1}), TypeError, dtype_incompatible, "condition");
  EXPECT_ERROR(Assert(constant(true), {}), ValueError, bad_argument, "something to show");
}

TEST_F(GuardTest, NobodyWaitsForAGuardByItself) {
  assert_positive(x_);
  EXPECT_EQ(session_.run(x_ * 2.0f, {{x_, Tensor(-1.0f)}}).scalar<float>(), -2.0f);
  const Output checked = with_dependencies({assert_positive(x_)}, x_);
  EXPECT_EQ(session_.run(checked, {{x_, Tensor(1.0f)}}).scalar<float>(), 1.0f);
  EXPECT_ERROR(session_.run(checked, {{x_, Tensor(-1.0f)}}), InvalidArgumentError, assertion_failed,
               "Condition x > 0 did not hold element-wise:");
}

TEST_F(GuardTest, GuardsCompareEachElement) {
  const Output y = constant(2.0f);
  const struct {
    Operation guard;
    float holds, fails;
  } cases[] = {
      {assert_equal(x_, y), 2, 1},      {assert_none_equal(x_, y), 1, 2},
      {assert_less(x_, y), 1, 2},       {assert_less_equal(x_, y), 2, 3},
      {assert_greater(x_, y), 3, 2},    {assert_greater_equal(x_, y), 2, 1},
      {assert_positive(x_), 1, 0},      {assert_negative(x_), -1, 0},
      {assert_non_negative(x_), 0, -1}, {assert_non_positive(x_), 0, 1},
  };
  for (const auto& one : cases) {
    run(one.guard, Tensor({one.holds, one.holds}));
    run(one.guard, Tensor(float32, {0}));
    EXPECT_ERROR(run(one.guard, Tensor({one.holds, one.fails})), InvalidArgumentError,
                 assertion_failed, "did not hold element-wise");
  }
}

TEST_F(GuardTest, GuardsOfKnownValuesFailWhenTheyAreMade) {
  assert_equal(constant({1, 2}), constant({1, 2}));
  EXPECT_ERROR(assert_equal(constant({1, 2}), 1, {.message = "mine"}), InvalidArgumentError,
               assertion_failed, "mine Condition x == y did not hold element-wise:");
  EXPECT_ERROR(assert_positive(constant({1, -1})), InvalidArgumentError, assertion_failed,
               "Condition x > 0");
}

TEST_F(GuardTest, RanksAndDtypesAreCheckedWhenTheyAreKnown) {
  const Operation later = assert_rank(x_, 1);
  run(later, Tensor({1.0f}));
  EXPECT_ERROR(run(later, Tensor(1.0f)), InvalidArgumentError, assertion_failed,
               "must have rank] [1]");
  assert_rank(zeros({2, 2}), 2);
  EXPECT_ERROR(assert_rank(zeros({2, 2}), 1), ValueError, shape_incompatible, "must have rank 1");
  assert_integer(constant(1));
  EXPECT_ERROR(assert_integer(x_), TypeError, dtype_incompatible, "to be integer type");
}

TEST_F(GuardTest, PrintIsItsInputAndWritesItsData) {
  const Output printed = Print(x_, {"x", x_}, {.message = "seen: "});
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(session_.run(printed, {{x_, Tensor(3.0f)}}).scalar<float>(), 3.0f);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "seen: [x] [3]\n");
  EXPECT_EQ(
      session_.run(gradients({printed * 2.0f}, {x_})[0], {{x_, Tensor(3.0f)}}).scalar<float>(),
      2.0f);
}

TEST_F(GuardTest, PrintStopsAfterTheFirstFew) {
  const Output printed = Print(x_, {x_}, {.first_n = 2});
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 4; ++i) session_.run(printed, {{x_, Tensor(static_cast<float>(i))}});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "[0]\n[1]\n");
}

}  // namespace
}  // namespace tenon
