// Metrics over two batches, against TensorFlow 2.21's numbers (tf.compat.v1.metrics).
#include "tenon/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/collections.h"
#include "tenon/math_ops.h"
#include "tenon/session.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using metrics::Metric;
using metrics::MetricOptions;

class MetricsTest : public ::testing::Test {
 protected:
  // The value before the first batch, the updates of both, and the value after them.
  void expect_values(const Metric& metric, const std::vector<Numbers>& wanted) {
    SCOPED_TRACE(metric.value.name());
    Session session;
    session.run(local_variables_initializer());
    expect_near(session.run(metric.value), wanted[0], 2e-6);
    expect_near(
        session.run(metric.update_op, batch({true, false, true, false}, {0.9f, 0.3f, 0.4f, 0.6f})),
        wanted[1], 2e-6);
    expect_near(
        session.run(metric.update_op, batch({true, true, false, false}, {0.2f, 0.8f, 0.1f, 0.55f})),
        wanted[2], 2e-6);
    expect_near(session.run(metric.value), wanted[3], 2e-6);
  }
  Feeds batch(const std::vector<bool>& truths, const std::vector<float>& scores) const {
    Tensor labels(bool_, {4});
    std::copy(truths.begin(), truths.end(), labels.mutable_data<bool>().begin());
    return {{labels_, labels}, {scores_, Tensor::from<float>(scores, {4})}};
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  Output labels_ = placeholder(bool_, {4});
  Output scores_ = placeholder(float32, {4});
  Output guesses_ = scores_ > 0.5f;
  Output numbers_ = cast(labels_, float32);
  Output weights_ = constant({1.0f, 2.0f, 0.5f, 1.0f});
  MetricOptions weighted_ = {.weights = weights_};
};

TEST_F(MetricsTest, Means) {
  expect_values(metrics::mean(scores_), {{0}, {0.55}, {0.48125}, {0.48125}});
  expect_values(metrics::mean(scores_, weighted_), {{0}, {0.5111111}, {0.5222222}, {0.5222222}});
  expect_values(
      metrics::mean_tensor(scores_, weighted_),
      {{0, 0, 0, 0}, {0.9, 0.3, 0.4, 0.6}, {0.55, 0.55, 0.25, 0.575}, {0.55, 0.55, 0.25, 0.575}});
  expect_values(metrics::percentage_below(scores_, 0.5), {{0}, {0.5}, {0.5}, {0.5}});
  expect_values(metrics::accuracy(labels_, guesses_), {{0}, {0.5}, {0.5}, {0.5}});
  expect_values(metrics::accuracy(labels_, guesses_, weighted_),
                {{0}, {0.6666667}, {0.6111111}, {0.6111111}});
}

TEST_F(MetricsTest, Errors) {
  expect_values(metrics::mean_absolute_error(numbers_, scores_),
                {{0}, {0.4}, {0.40625}, {0.40625}});
  expect_values(metrics::mean_squared_error(numbers_, scores_),
                {{0}, {0.205}, {0.2265625}, {0.2265625}});
  expect_values(metrics::root_mean_squared_error(numbers_, scores_),
                {{0}, {0.45276928}, {0.47598583}, {0.47598583}});
  expect_values(metrics::mean_relative_error(numbers_, scores_, constant({1.0f, 0.0f, 2.0f, 4.0f})),
                {{0}, {0.13750002}, {0.19218752}, {0.19218752}});
  expect_values(
      metrics::mean_cosine_distance(reshape(numbers_, {2, 2}), reshape(scores_, {2, 2}), 1),
      {{1}, {0.35}, {0.425}, {0.425}});
}

TEST_F(MetricsTest, CountsOfTruthValues) {
  expect_values(metrics::true_positives(labels_, guesses_, weighted_), {{0}, {1}, {3}, {3}});
  expect_values(metrics::false_positives(labels_, guesses_, weighted_), {{0}, {1}, {2}, {2}});
  expect_values(metrics::true_negatives(labels_, guesses_, weighted_), {{0}, {2}, {2.5}, {2.5}});
  expect_values(metrics::false_negatives(labels_, guesses_, weighted_), {{0}, {0.5}, {1.5}, {1.5}});
  expect_values(metrics::precision(labels_, guesses_), {{0}, {0.5}, {0.5}, {0.5}});
  expect_values(metrics::recall(labels_, guesses_, weighted_),
                {{0}, {0.6666667}, {0.6666667}, {0.6666667}});
}

TEST_F(MetricsTest, CountsAtThresholds) {
  const metrics::Thresholds at = {0.25, 0.5};
  expect_values(metrics::precision_at_thresholds(labels_, scores_, at),
                {{0, 0}, {0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}});
  expect_values(metrics::recall_at_thresholds(labels_, scores_, at),
                {{0, 0}, {1, 0.5}, {0.75, 0.5}, {0.75, 0.5}});
  expect_values(metrics::true_positives_at_thresholds(labels_, scores_, at),
                {{0, 0}, {2, 1}, {3, 2}, {3, 2}});
  expect_values(metrics::false_positives_at_thresholds(labels_, scores_, at),
                {{0, 0}, {2, 1}, {3, 2}, {3, 2}});
  expect_values(metrics::true_negatives_at_thresholds(labels_, scores_, at),
                {{0, 0}, {0, 1}, {1, 2}, {1, 2}});
  expect_values(metrics::false_negatives_at_thresholds(labels_, scores_, at),
                {{0, 0}, {0, 1}, {1, 2}, {1, 2}});
}

TEST_F(MetricsTest, AreasUnderCurves) {
  expect_values(metrics::auc(labels_, scores_), {{0}, {0.7499998}, {0.6874999}, {0.6874999}});
  expect_values(
      metrics::auc(
          labels_, scores_,
          {.num_thresholds = 5, .curve = "PR", .summation_method = "careful_interpolation"}),
      {{0}, {0.75}, {0.75}, {0.75}});
  expect_values(
      metrics::auc(labels_, scores_,
                   {.weights = weights_, .num_thresholds = 5, .summation_method = "minoring"}),
      {{0}, {0.6666667}, {0.6790122}, {0.6790122}});
  expect_values(
      metrics::auc(labels_, scores_,
                   {.summation_method = "majoring", .thresholds = metrics::Thresholds{0.7, 0.25}}),
      {{0}, {0.9999995}, {0.8124998}, {0.8124998}});
  expect_values(metrics::sensitivity_at_specificity(labels_, scores_, 0.6, {.num_thresholds = 10}),
                {{0}, {1}, {0.75}, {0.75}});
  expect_values(metrics::specificity_at_sensitivity(labels_, scores_, 0.6, {.num_thresholds = 10}),
                {{0}, {1}, {1}, {1}});
}

TEST_F(MetricsTest, OfClasses) {
  const Output labels = cast(labels_, int64), guesses = cast(guesses_, int64);
  expect_values(metrics::mean_iou(labels, guesses, 3),
                {{0}, {1, 1, 0, 1, 1, 0, 0, 0, 0}, {2, 2, 0, 2, 2, 0, 0, 0, 0}, {0.33333333}});
  expect_values(metrics::mean_per_class_accuracy(labels, guesses, 2, weighted_),
                {{0}, {0.6666667, 0.6666667}, {0.5555556, 0.6666667}, {0.61111116}});
}

TEST_F(MetricsTest, AtK) {
  const double none = std::nan("");
  const Output first = cast(labels_, int64);
  const Output labels = stack({first, first + 1}, {.axis = 1});
  const Output scores = stack({scores_, 1.0f - scores_, scores_ * scores_}, {.axis = 1});
  expect_values(metrics::recall_at_k(labels, scores, 1), {{none}, {0.375}, {0.375}, {0.375}});
  expect_values(metrics::precision_at_k(labels, scores, 2), {{none}, {0.75}, {0.75}, {0.75}});
  expect_values(metrics::recall_at_k(labels, scores, 2, {.class_id = 1}),
                {{none}, {0.75}, {0.75}, {0.75}});
  // A label that is given twice counts once.
  expect_values(metrics::recall_at_k(stack({first, first}, {.axis = 1}), scores, 1),
                {{none}, {0.5}, {0.5}, {0.5}});
}

TEST_F(MetricsTest, KeepLocalVariablesNamedByNameScopes) {
  {
    auto scope = name_scope("eval");
    const Metric accuracy = metrics::accuracy(labels_, guesses_, {.metrics_collections = {"m"}});
    metrics::recall_at_k(cast(labels_, int64), stack({scores_, scores_}, {.axis = 1}), 1);
    EXPECT_EQ(get_collection<Output>("m"), std::vector<Output>{accuracy.value});
  }
  metrics::precision(labels_, guesses_, {.name = "p"});
  std::vector<std::string> names;
  for (const Variable& variable : local_variables()) {
    names.push_back(variable.name());
    EXPECT_FALSE(variable.trainable());
  }
  EXPECT_THAT(names,
              ::testing::ElementsAre("eval/accuracy/total:0", "eval/accuracy/count:0",
                                     "eval/recall_at_1/true_positive_at_1:0",
                                     "eval/recall_at_1/false_negative_at_1:0",
                                     "p/true_positives/count:0", "p/false_positives/count:0"));
  EXPECT_EQ(get_collection<Variable>(GraphKeys::METRIC_VARIABLES), local_variables());
  EXPECT_TRUE(global_variables().empty());
}

TEST_F(MetricsTest, RefuseWhatDoesntFit) {
  EXPECT_ERROR(metrics::accuracy(zeros({5}), numbers_), ValueError, shape_incompatible,
               "Shapes (4,) and (5,) are incompatible");
  EXPECT_ERROR(metrics::mean(scores_, {.weights = ones({3})}), ValueError, shape_incompatible,
               "weights can not be broadcast to values");
  EXPECT_ERROR(metrics::auc(labels_, scores_, {.curve = "RO"}), ValueError, bad_argument,
               "Curve must be either ROC or PR");
  EXPECT_ERROR(metrics::auc(labels_, scores_, {.summation_method = "best"}), ValueError,
               bad_argument, "Invalid summation_method: best");
  EXPECT_ERROR(metrics::sensitivity_at_specificity(labels_, scores_, 1.5), ValueError, bad_argument,
               "specificity must be in the range [0, 1]");
  EXPECT_ERROR(metrics::recall_at_k(zeros({4, 1, 1}, int64), ones({4, 3}), 1), ValueError,
               shape_incompatible, "Unexpected labels shape (4, 1, 1)");
}

TEST_F(MetricsTest, AClassThatThereIsNotFailsOnTheCpu) {
  auto there = device("/cpu:0");
  const Metric iou = metrics::mean_iou(constant({0, 5}), constant({0, 0}), 3);
  Session session;
  session.run(local_variables_initializer());
  EXPECT_ERROR(session.run(iou.update_op), InvalidArgumentError, index_out_of_range, "");
}

}  // namespace
}  // namespace tenon::testing
