// The memory of whole training steps: near the largest sum of tensors that are live at once.
#include <gtest/gtest.h>

#include <cstdio>

#include "bench/training_workloads.h"

namespace tenon {
namespace {

class ArenaTest : public ::testing::Test {
 protected:
  // What the plan of a run says of its memory.
  static void expect_little_more_than_is_live(std::initializer_list<Fetch> fetches,
                                              const Feeds& feeds = {}) {
    Session session({.device_count = {{"GPU", 0}}});  // a GPU has an arena of its own
    const std::string text = session.plan_text(fetches, feeds);
    size_t bytes = 0, live = 0;
    ASSERT_EQ(std::sscanf(text.c_str() + text.rfind("arena: "),
                          "arena: %zu bytes, of which at most %zu live", &bytes, &live),
              2)
        << text;
    EXPECT_GT(live, 0u);
    EXPECT_GE(bytes, live);
    EXPECT_LE(static_cast<double>(bytes), 1.2 * static_cast<double>(live));
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(ArenaTest, HoldsLittleMoreThanIsLiveInAStepOfTheDigitsNetwork) {
  const bench::TrainingStep step = bench::digits_train();
  expect_little_more_than_is_live({step.loss, step.train});
}

TEST_F(ArenaTest, HoldsLittleMoreThanIsLiveInAStepOfAConvolutionalNetwork) {
  const bench::TrainingStep step = bench::cnn_train();
  expect_little_more_than_is_live({step.loss, step.train});
}

TEST_F(ArenaTest, HoldsLittleMoreThanIsLiveInAStepOfADenseNetwork) {
  const bench::TrainingStep step = bench::mlp_train();
  expect_little_more_than_is_live({step.loss, step.train});
}

TEST_F(ArenaTest, HoldsLittleMoreThanIsLiveInAnImageFilterAndItsGradients) {
  const Output images = placeholder(float32, {-1, 28, 28, 32});
  std::vector<Ref> variables;
  Output x = images;
  for (int layer = 0; layer < 3; ++layer) {
    const auto scope = variable_scope("conv" + std::to_string(layer));
    const Variable weights = get_variable("weights", {.shape = {5, 5, 32, 32}});
    const Variable biases = get_variable("biases", {.shape = {32}});
    x = nn::relu(nn::conv2d(x, weights, {.padding = "SAME"}) + biases);
    variables.insert(variables.end(), {weights, biases});
  }
  const std::vector<Output> slopes = gradients({reduce_mean(square(x))}, variables);
  const std::vector<ControlInput> all(slopes.begin(), slopes.end());
  expect_little_more_than_is_live({group(all)}, {{images, Tensor(float32, {8, 28, 28, 32})}});
}

}  // namespace
}  // namespace tenon
