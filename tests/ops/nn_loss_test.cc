#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class LossTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

Output loss_of(const Output& labels, const Output& logits) {
  return nn::softmax_cross_entropy_with_logits({.labels = labels, .logits = logits});
}

TEST_F(LossTest, TheGradientByTheLogitsHasOneByTheLabels) {
  const Output labels = placeholder(float64, {2, 3}), logits = placeholder(float64, {2, 3});
  const Output first = gradients({loss_of(labels, logits)}, {logits})[0];
  expect_gradients(first, {labels, logits},
                   {wave(float64, {2, 3}, 0.3, 0, 1), wave(float64, {2, 3}, 1.3)});
}

TEST_F(LossTest, TheGradientByTheLabelsHasOneByTheLogits) {
  const Output labels = constant(wave(float64, {2, 3}, 0.3, 0, 1));
  const Output logits = placeholder(float64, {2, 3});
  const Output first = gradients({loss_of(labels, logits)}, {labels})[0];
  expect_gradients(first, {logits}, {wave(float64, {2, 3}, 1.3)});
}

// Where the labels are probabilities that come of numbers, the order of the derivatives is one.
TEST_F(LossTest, MixedDerivativesThroughProbabilitiesAreSymmetric) {
  const Output z = placeholder(float64, {1, 3}), logits = placeholder(float64, {1, 3});
  const Output loss = loss_of(nn::softmax(z), logits);
  const Output by_logits = gradients({loss}, {logits})[0], by_z = gradients({loss}, {z})[0];
  const Feeds feeds = {{z, wave(float64, {1, 3}, 0.2)}, {logits, wave(float64, {1, 3}, 1.9)}};
  for (int64_t i = 0; i < 3; ++i) {
    const Output unit = one_hot(constant(Tensor({i})), 3, {.dtype = float64});
    const Output row = gradients({by_logits}, {z}, {.grad_ys = {unit}})[0];
    for (int64_t j = 0; j < 3; ++j) {
      const Output other = one_hot(constant(Tensor({j})), 3, {.dtype = float64});
      const Output column = gradients({by_z}, {logits}, {.grad_ys = {other}})[0];
      EXPECT_NEAR(numbers(run(row, feeds))[static_cast<size_t>(j)],
                  numbers(run(column, feeds))[static_cast<size_t>(i)], 1e-12);
    }
  }
}

TEST_F(LossTest, LabelsOfOneRowForAllHaveTheSumOfTheGradients) {
  const Output labels = placeholder(float64, {1, 3}), logits = constant(wave(float64, {2, 3}));
  const Output first = gradients({loss_of(labels, logits)}, {logits})[0];
  expect_gradients(first, {labels}, {wave(float64, {1, 3}, 0.3, 0, 1)});
}

TEST_F(LossTest, SizesThatNobodyKnowsAreTakenForTheSame) {
  const Output one = placeholder(float32, {1, -1}), some = placeholder(float32, {-1, -1});
  EXPECT_EQ(loss_of(one, some).shape(), Shape({1}));
  EXPECT_EQ(loss_of(one, placeholder(float32, {4, 2})).shape(), Shape({4}));
  Session session(graph_);
  const Tensor rows = Tensor::ones({3, 2});
  EXPECT_EQ(session.run(loss_of(one, some), {{one, Tensor::ones({1, 2})}, {some, rows}}).shape(),
            Shape({3}));
}

// As TensorFlow, which asserts it where it can't know the rank before the run.
TEST_F(LossTest, RefusesOtherNumbersOfLabelsInTheRun) {
  const Output logits = placeholder(float32, Shape::unknown());
  const Output loss =
      nn::sparse_softmax_cross_entropy_with_logits({.labels = Tensor({0, 1}), .logits = logits});
  Session session(graph_);
  EXPECT_ERROR(session.run(loss, {{logits, Tensor::ones({1, 2})}}), InvalidArgumentError,
               assertion_failed, "labels of shape (2,) need as many rows of logits");
  const Output labels = placeholder(int32, Shape::unknown());
  const Output known = nn::sparse_softmax_cross_entropy_with_logits(
      {.labels = labels, .logits = Tensor::ones({1, 2})});
  EXPECT_ERROR(session.run(known, {{labels, Tensor({0, 1})}}), InvalidArgumentError,
               shape_incompatible, "rows of logits and labels");
}

}  // namespace
}  // namespace tenon::testing
