// Losses against TensorFlow 2.21's numbers (tf.compat.v1.losses).
#include "tenon/losses.h"

#include <gtest/gtest.h>

#include <vector>

#include "tenon/array_ops.h"
#include "tenon/gradients.h"
#include "tenon/math_ops.h"
#include "tenon/session.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using losses::LossOptions;
using losses::Reduction;

class LossesTest : public ::testing::Test {
 protected:
  static void expect_value(const Output& loss, const std::vector<double>& wanted) {
    SCOPED_TRACE(loss.name());
    Session session;
    expect_near(session.run(loss), wanted, 2e-6);
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  Output labels_ = constant({{1.0f, 0.0f, 1.0f}, {0.0f, 1.0f, 0.5f}});
  Output predictions_ = constant({{0.9f, 0.2f, 0.4f}, {0.3f, 0.6f, 0.7f}});
  Output weights_ = constant({{1.0f, 0.0f, 2.0f}, {0.5f, 1.0f, 0.0f}});
};

TEST_F(LossesTest, ReduceAsTensorFlow) {
  const auto reduced = [&](Reduction reduction) {
    return losses::absolute_difference(labels_, predictions_,
                                       {.weights = weights_, .reduction = reduction});
  };
  expect_value(losses::absolute_difference(labels_, predictions_), {0.3});
  expect_value(reduced(Reduction::NONE), {0.1, 0, 1.2, 0.15, 0.4, 0});
  expect_value(reduced(Reduction::SUM), {1.85});
  expect_value(reduced(Reduction::MEAN), {0.41111112});
  expect_value(reduced(Reduction::SUM_OVER_BATCH_SIZE), {0.30833334});
  expect_value(reduced(Reduction::SUM_BY_NONZERO_WEIGHTS), {0.4625});
}

TEST_F(LossesTest, AreTensorFlows) {
  const Output rows = constant({{2.0f}, {0.5f}});
  expect_value(losses::mean_squared_error(labels_, predictions_, {.weights = rows}), {0.16083334});
  expect_value(losses::huber_loss(labels_, predictions_, {.delta = 0.3}), {0.05});
  expect_value(losses::log_loss(labels_, predictions_, {.epsilon = 0.01}), {0.4650422});
  expect_value(losses::hinge_loss(labels_, predictions_, {.weights = 0.5}), {0.38333333});
  expect_value(losses::cosine_distance(labels_, predictions_, 1), {-0.125});
  expect_value(losses::mean_pairwise_squared_error(labels_, predictions_), {0.61333334});
  expect_value(losses::mean_pairwise_squared_error(labels_, predictions_, {.weights = rows}),
               {0.79666668});
  expect_value(losses::sigmoid_cross_entropy(labels_, predictions_, {.label_smoothing = 0.1}),
               {0.62788957});
  const Output one_hot = constant({{0.0f, 1.0f, 0.0f}, {0.0f, 0.0f, 1.0f}});
  expect_value(losses::softmax_cross_entropy(one_hot, predictions_, {.label_smoothing = 0.2}),
               {1.1813321});
  const Output classes = constant({{1}, {2}});
  expect_value(losses::sparse_softmax_cross_entropy(classes, predictions_,
                                                    {.weights = constant({{2.0f}, {1.0f}})}),
               {1.9163754});
}

TEST_F(LossesTest, AreZeroWhereNothingCounts) {
  expect_value(losses::mean_squared_error(labels_, predictions_, {.weights = 0.0}), {0});
  expect_value(losses::mean_pairwise_squared_error(labels_, predictions_, {.weights = 0.0}), {0});
  const Output nothing = zeros({0, 3});
  expect_value(losses::mean_squared_error(nothing, nothing), {0});
}

TEST_F(LossesTest, EnterTheirCollection) {
  const Output loss = losses::mean_squared_error(labels_, predictions_);
  losses::huber_loss(labels_, predictions_, {.scope = "aux", .loss_collection = "mine"});
  losses::log_loss(labels_, predictions_, {.loss_collection = ""});
  EXPECT_EQ(losses::get_losses(), std::vector<Output>{loss});
  EXPECT_EQ(loss.name(), "mean_squared_error/value:0");
  const std::vector<Output> mine = losses::get_losses("", "mine");
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(mine[0].name(), "aux/value:0");
  EXPECT_EQ(losses::get_losses("mean").size(), 1U);
  EXPECT_TRUE(losses::get_losses("huber").empty());
}

TEST_F(LossesTest, GiveNoGradientToTheLabelsOfSoftmax) {
  const Output labels = placeholder(float32, {2, 3}), logits = placeholder(float32, {2, 3});
  const std::vector<Output> found =
      gradients({losses::softmax_cross_entropy(labels, logits)}, {labels, logits});
  EXPECT_FALSE(found[0]);
  EXPECT_TRUE(found[1]);
}

TEST_F(LossesTest, WeightsOfShapesThatOnlyTheRunKnowsMustFit) {
  const Output fed = placeholder(float32, {-1, 3}), weights = placeholder(float32, {-1, -1});
  const Output loss = losses::mean_squared_error(fed, 0.5f * fed, {.weights = weights});
  Session session;
  const Tensor values = Tensor::from<float>(std::vector<float>(6, 1.0f), {2, 3});
  const auto run = [&](const Shape& shape) {
    const Tensor ones = Tensor::from<float>(
        std::vector<float>(static_cast<size_t>(shape.element_count()), 1.0f), shape);
    return session.run(loss, {{fed, values}, {weights, ones}});
  };
  expect_near(run({2, 1}), {0.25});
  expect_near(run({1, 3}), {0.25});
  EXPECT_ERROR(run({4, 3}), InvalidArgumentError, shape_incompatible, "");
}

TEST_F(LossesTest, RefuseWhatDoesntFit) {
  EXPECT_ERROR(losses::mean_squared_error(zeros({3, 3}), predictions_), ValueError,
               shape_incompatible, "Shapes (2, 3) and (3, 3) are incompatible");
  EXPECT_ERROR(losses::mean_squared_error(labels_, predictions_, {.weights = ones({3})}),
               ValueError, shape_incompatible, "values.rank=2. weights.rank=1");
  EXPECT_ERROR(losses::mean_squared_error(labels_, predictions_, {.weights = ones({2, 2})}),
               ValueError, shape_incompatible, "Mismatch at dim 1");
  EXPECT_ERROR(
      losses::mean_squared_error(labels_, predictions_, {.reduction = static_cast<Reduction>(9)}),
      ValueError, bad_argument, "Invalid Reduction Key 9");
  const Output unknown = placeholder(float32);
  EXPECT_ERROR(losses::mean_pairwise_squared_error(unknown, unknown), ValueError, bad_argument,
               "known rank");
  EXPECT_TRUE(losses::get_losses().empty());
}

}  // namespace
}  // namespace tenon::testing
