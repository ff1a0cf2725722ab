// Factors of channels that are constants go into constant filters, and no step is left of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bench/training_workloads.h"
#include "tests/plan/pass_fixture.h"
#include "tests/plan/plan_steps.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

class FoldTest : public ::testing::Test {
 protected:
  Output convolution() const { return nn::conv2d(images_, filter_, {.padding = "SAME"}); }
  std::vector<std::string> steps(const std::vector<Fetch>& fetches) const {
    return plan_steps(fetches, {{images_, pictures_}});
  }
  // One step, and what the operations give where each is a step of its own: the filter is fed.
  void expect_one_step(const Output& y) const { expect_steps(y, 1); }
  void expect_steps(const Output& y, size_t count) const {
    EXPECT_EQ(steps({y}).size(), count) << ::testing::PrintToString(steps({y}));
    Session session;
    const Tensor folded = session.run(y, {{images_, pictures_}});
    const Tensor plain = session.run(y, {{images_, pictures_}, {filter_, taps_}});
    EXPECT_EQ(folded.shape(), plain.shape());
    EXPECT_THAT(folded.data<float>(), Pointwise(FloatNear(2e-5f), plain.data<float>()));
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Tensor taps_ = bench::numbers(2, {3, 3, 2, 4});
  Tensor pictures_ = bench::numbers(1, {2, 6, 6, 2}, 4);
  Output images_ = placeholder(float32, {-1, 6, 6, 2});
  Output filter_ = constant(taps_);
  Output factors_ = constant({2.0f, -0.5f, 0.0f, 3.0f});
  Output shift_ = constant({1.0f, 0.0f, -2.0f, 0.25f});
};

TEST_F(FoldTest, ABatchNormalizationBecomesABias) {
  const nn::FusedBatchNorm normal = nn::fused_batch_norm(
      convolution(), factors_, shift_,
      {.mean = shift_, .variance = constant({1.0f, 0.5f, 0.1f, 4.0f}), .is_training = false});
  expect_one_step(nn::relu6(normal.y));
}

TEST_F(FoldTest, ANormalizationBehindABiasBecomesOneBias) {
  const Output biased = nn::bias_add(convolution(), constant({0.5f, 1.0f, 2.0f, -3.0f}));
  expect_one_step(nn::relu(biased * factors_ + shift_));
  expect_one_step(factors_ * biased);
}

TEST_F(FoldTest, FactorsMayBeOneForAllOrHaveTheRankOfTheResult) {
  expect_one_step(convolution() * 0.5f);
  expect_one_step(convolution() *
                  constant(Tensor({2.0f, -0.5f, 0.0f, 3.0f}).reshaped({1, 1, 1, 4})));
  expect_one_step(convolution() * factors_ * factors_);
}

TEST_F(FoldTest, ChannelsWithFiltersOfTheirOwnAreScaled) {
  const Output filter = constant(bench::numbers(3, {3, 3, 2, 2}));
  expect_one_step(nn::depthwise_conv2d(images_, filter, {.padding = "SAME"}) * factors_ + shift_);
}

TEST_F(FoldTest, ProductsOfMatricesAreScaledUnlessTransposed) {
  const Output x = placeholder(float32, {-1, 3});
  const Tensor value = bench::numbers(1, {5, 3});
  const Output w = constant(bench::numbers(2, {3, 4}));
  EXPECT_EQ(plan_steps(matmul(x, w) * factors_, {{x, value}}).size(), 1u);
  const Output transposed = constant(bench::numbers(2, {4, 3}));
  const Output y = matmul(x, transposed, {.transpose_b = true}) * factors_;
  EXPECT_EQ(plan_steps(y, {{x, value}}).size(), 2u);
}

TEST_F(FoldTest, WhatAnotherOperationUsesStaysAsItIs) {
  const Output between = convolution();
  EXPECT_EQ(steps({between * factors_, between}).size(), 2u);
  EXPECT_EQ(steps({between * factors_ + reduce_sum(between)}).size(), 3u);
}

TEST_F(FoldTest, FiltersAndFactorsThatAreNotKnownStayAsTheyAre) {
  const Variable filter = get_variable("filter", {.shape = {3, 3, 2, 4}});
  EXPECT_EQ(steps({nn::conv2d(images_, filter, {.padding = "SAME"}) * factors_}).size(), 2u);
  const Variable factors = get_variable("factors", {.shape = {4}});
  EXPECT_EQ(steps({convolution() * factors}).size(), 2u);
}

TEST_F(FoldTest, FactorsOfOtherAxesAreNoFactorsOfChannels) {
  EXPECT_EQ(steps({convolution() * constant(bench::numbers(3, {6, 1}))}).size(), 2u);
  EXPECT_EQ(steps({convolution() * constant(bench::numbers(3, {2, 1, 1, 1, 4}))}).size(), 2u);
}

TEST_F(FoldTest, WhatWouldNotBeFiniteStaysAsItIs) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(steps({convolution() * constant({1.0f, infinity, 1.0f, 1.0f})}).size(), 2u);
  EXPECT_EQ(steps({convolution() * 3e38f * constant({1.0f, 30.0f, 1.0f, 1.0f})}).size(), 2u);
}

TEST_F(FoldTest, PlansForOtherShapesGiveTheSame) {
  const Output y = convolution() * factors_;
  Session session;
  const Tensor both = session.run(y, {{images_, pictures_}});
  const Tensor first = session.run(y, {{images_, bench::numbers(1, {1, 6, 6, 2}, 4)}});
  EXPECT_EQ(first.data<float>()[7], both.data<float>()[7]);
}

TEST_F(FoldTest, ConvolutionsOnAnEmulatedGpuAreScaled) {
  const Output y = nn::relu(convolution() * factors_ + shift_);
  Session session({.emulated_gpus = 1});
  const Feeds feeds = {{images_, pictures_}};
  EXPECT_THAT(session.plan_text({y}, feeds), ::testing::Not(HasSubstr("Mul")));
  const Tensor plain = Session().run(y, {{images_, pictures_}, {filter_, taps_}});
  const Tensor folded = session.run(y, feeds);
  EXPECT_THAT(folded.data<float>(), Pointwise(FloatNear(2e-5f), plain.data<float>()));
}

}  // namespace

namespace internal {
namespace {

class FoldPassTest : public PassTest {};

TEST_F(FoldPassTest, TheProductWaitsForWhatTheFactorWaitedFor) {
  const Operation first = no_op({.name = "first"});
  const Output w = constant(Tensor(float32, {2, 3}), {.name = "w"});
  Output factor;
  {
    const auto after = control_dependencies({first});
    factor = constant({1.0f, 2.0f, 3.0f}, {.name = "factor"});
  }
  const Output product = matmul(reshape(x_, {1, 2}), w, {.name = "product"});
  run_to("fold", {product * factor});
  const PlanOp& op = plan_.op(find("product", StepKind::kKernel));
  EXPECT_EQ(of_kind(StepKind::kElementwise).size(), 0u);
  std::vector<std::string> waits_for;
  for (const OpId control : op.controls()) waits_for.push_back(plan_.op(control).node->name);
  EXPECT_THAT(waits_for, ElementsAre("w", "factor"));
  EXPECT_TRUE(plan_.input(op, 1).constant);
}

}  // namespace
}  // namespace internal
}  // namespace tenon
