// What runs as one step: counted in plans as they are printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/training_workloads.h"
#include "tenon/tenon.h"
#include "tests/plan/plan_steps.h"

namespace tenon {
namespace {

class FuseTest : public ::testing::Test {
 protected:
  // Elements of a fetch.
  std::vector<float> value_of(const Output& fetch) {
    Session session;
    session.run(global_variables_initializer());
    const Tensor value = session.run(fetch, {{x_, value_}});
    return {value.data<float>().begin(), value.data<float>().end()};
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {-1, 3}, {.name = "x"});
  Tensor value_{{1.0f, -2.0f, 3.0f}};
};

TEST_F(FuseTest, RunsAChainOfElementwiseOperationsAsOneStep) {
  Output y = x_;
  for (int i = 0; i < 5; ++i) y = maximum(y * 1.1f + x_ - 0.5f, -1.0f);
  EXPECT_EQ(plan_steps(y, {{x_, value_}}).size(), 1u);
  Session session;
  double expected = -2;
  for (int i = 0; i < 5; ++i) {
    expected = std::max(expected * double{1.1f} + -2.0 - 0.5, -1.0);
  }
  EXPECT_NEAR(session.run(y, {{x_, value_}}).data<float>()[1], expected, 1e-6);
}

TEST_F(FuseTest, TakesInTheProducersOfEveryInput) {
  const Output both = x_ * 2.0f + nn::relu(x_);
  EXPECT_EQ(plan_steps(both, {{x_, value_}}).size(), 1u);
  EXPECT_EQ(value_of(both), (std::vector<float>{3, -4, 9}));
  std::vector<Input> terms;
  for (int i = 1; i <= 5; ++i) terms.emplace_back(x_ * static_cast<float>(i));
  const Output sum = add_n(terms);
  EXPECT_EQ(plan_steps(sum, {{x_, value_}}).size(), 1u);
  EXPECT_EQ(value_of(sum), (std::vector<float>{15, -30, 45}));
}

TEST_F(FuseTest, RunsAProductWithBiasAndActivationAsOneStep) {
  const Variable w = get_variable("w", {.shape = {3, 4}, .initializer = ones_initializer()});
  const Variable b = get_variable("b", {.shape = {4}, .initializer = constant_initializer(-1.0)});
  const Output y = nn::relu(matmul(x_, w) + b);
  const std::vector<std::string> lines = plan_steps(y, {{x_, value_}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], ::testing::HasSubstr("MatMul"));
  Session session;
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run(y, {{x_, value_}}).data<float>()[0], 1.0f);
}

TEST_F(FuseTest, RunsAConvolutionWithBiasAndActivationAsOneStep) {
  const Output images = placeholder(float32, {1, 4, 4, 1});
  const Variable w = get_variable("w", {.shape = {3, 3, 1, 2}});
  const Variable b = get_variable("b", {.shape = {2}});
  const Output y = nn::relu(nn::bias_add(nn::conv2d(images, w, {.padding = "SAME"}), b));
  EXPECT_EQ(plan_steps(y, {{images, Tensor(float32, {1, 4, 4, 1})}}).size(), 1u);
}

TEST_F(FuseTest, TakesABiasOnEitherSideOfAnAddition) {
  const Variable w = get_variable("w", {.shape = {3, 4}, .initializer = ones_initializer()});
  const Variable b = get_variable("b", {.shape = {4}, .initializer = constant_initializer(-1.0)});
  for (const Output& y : {nn::bias_add(matmul(x_, w), b), matmul(x_, w) + b, b + matmul(x_, w)}) {
    const std::vector<std::string> lines = plan_steps(y, {{x_, value_}});
    ASSERT_EQ(lines.size(), 1u) << y.name();
    EXPECT_THAT(lines[0], ::testing::HasSubstr("kernel MatMul"));
    EXPECT_EQ(value_of(y)[0], 1.0f);
  }
}

// A sum of another shape than the product's isn't a bias.
TEST_F(FuseTest, LeavesOtherSumsAlone) {
  const Output w = constant(Tensor({{1.0f}, {1.0f}, {1.0f}}));
  const Output row = placeholder(float32, {4});
  const Output y = matmul(x_, w) + row;
  EXPECT_EQ(plan_steps(y, {{x_, value_}, {row, Tensor(float32, {4})}}).size(), 2u);
}

TEST_F(FuseTest, RunsLayersOfTheDigitsNetworkAndItsUpdatesAsOneStepEach) {
  const bench::TrainingStep step = bench::digits_train();
  const std::vector<std::string> lines = plan_steps({step.loss, step.train});
  EXPECT_EQ(count_starting(lines, "kernel Conv2D "), 2);
  EXPECT_EQ(count_starting(lines, "kernel MatMul MatMul"), 2);
  EXPECT_EQ(count_starting(lines, "elementwise Relu "), 0);
  EXPECT_EQ(count_starting(lines, "kernel BiasAdd "), 0);
  EXPECT_EQ(count_starting(lines, "elementwise BiasAdd "), 0);
  EXPECT_EQ(count_starting(lines, "elementwise ApplyAdam "), 8) << "two variables a layer";
}

TEST_F(FuseTest, KeepsWhatIsUsedTwice) {
  const Output shared = x_ * 2.0f;
  const Output y = reduce_sum(shared) + reduce_max(shared);
  EXPECT_EQ(plan_steps(y, {{x_, value_}}).size(), 4u);
  Session session;
  EXPECT_EQ(session.run(y, {{x_, value_}}).scalar<float>(), 4.0f + 6.0f);
}

TEST_F(FuseTest, KeepsWhatIsFetched) {
  const Output first = x_ * 2.0f;
  const Output second = first + 1.0f;
  Session session;
  const std::vector<Tensor> values = session.run({second, first}, {{x_, value_}});
  EXPECT_EQ(values[0].data<float>()[2], 7.0f);
  EXPECT_EQ(values[1].data<float>()[2], 6.0f);
}

TEST_F(FuseTest, NeverFusesABroadcastValueIntoWhatItIsBroadcastTo) {
  const Output row = placeholder(float32, {3});
  const Output y = (row * 2.0f + 1.0f) * x_;
  EXPECT_EQ(
      plan_steps(y, {{x_, Tensor(float32, {5, 3})}, {row, Tensor({1.0f, 2.0f, 3.0f})}}).size(), 2u);
}

TEST_F(FuseTest, FoldsWhatIsKnown) {
  const Output y = x_ + (constant(2.0f) * 3.0f + 1.0f);
  const std::vector<std::string> lines = plan_steps(y, {{x_, value_}});
  EXPECT_EQ(lines.size(), 1u);
  Session session;
  EXPECT_EQ(session.run(y, {{x_, value_}}).data<float>()[0], 8.0f);
}

}  // namespace
}  // namespace tenon
