// Whole training steps against TensorFlow 2.21: the first five losses of the benchmarks' networks.
#include <gtest/gtest.h>

#include <vector>

#include "bench/training_workloads.h"

namespace {

void expect_losses(bench::TrainingStep (*build)(), const std::vector<float>& wanted) {
  const tenon::Graph graph;
  auto as_default = graph.as_default();
  const bench::TrainingStep step = build();
  tenon::Session session;
  session.run(tenon::global_variables_initializer());
  for (size_t i = 0; i < wanted.size(); ++i) {
    const float loss = session.run({step.loss, step.train})[0].scalar<float>();
    EXPECT_NEAR(loss, wanted[i], 2e-4) << "step " << i;
  }
}

TEST(WorkloadLossesTest, OfTheDigitsNetwork) {
  expect_losses(bench::digits_train, {2.3119273f, 2.2724531f, 2.2452939f, 2.2211771f, 2.1994448f});
}

TEST(WorkloadLossesTest, OfTheDenseNetwork) {
  expect_losses(bench::mlp_train, {2.3686209f, 1.6798655f, 1.1461351f, 0.72648001f, 0.4269059f});
}

TEST(WorkloadLossesTest, OfTheConvolutionalNetwork) {
  expect_losses(bench::cnn_train, {2.2881970f, 2.5982649f, 2.1397307f, 2.1558308f, 2.1800468f});
}

}  // namespace
