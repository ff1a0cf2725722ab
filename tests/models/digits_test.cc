// A small convolutional network: the learning rate falls in steps, gradients are clipped together,
// and local variables keep the score. Now and then a batch has another size.
#include <string>
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

Output conv_and_pool(const Output& x, int64_t channels, const std::string& name, int seed) {
  auto scope = variable_scope(name);
  auto filters = get_variable(
      "filters", {.shape = {3, 3, x.shape()[3], channels}, .initializer = start(seed)});
  auto biases = get_variable("biases", {.shape = {channels}, .initializer = start(seed + 1, 0.1)});
  auto y = nn::relu(nn::bias_add(nn::conv2d(x, filters, {.padding = "SAME"}), biases));
  return nn::max_pool(y, {.padding = "SAME"});
}

struct Digits {
  Output images = placeholder(float32, {-1, 8, 8, 1}), labels = placeholder(int32, {-1});
  Output loss, norm, accuracy;
  Operation train;

  Digits() {
    auto x = conv_and_pool(conv_and_pool(images, 3, "conv1", 34), 4, "conv2", 36);
    auto logits = dense(reshape(x, {-1, 16}), 10, "classes", 38);
    loss = reduce_mean(
        nn::sparse_softmax_cross_entropy_with_logits({.labels = labels, .logits = logits}));
    keep_score(logits);
    minimize();
  }

  void keep_score(const Output& logits) {
    auto zero = zeros_initializer();
    auto score = get_local_variable("score", {.shape = {}, .initializer = zero});
    auto seen = get_local_variable("seen", {.shape = {}, .dtype = int32, .initializer = zero});
    auto right = equal(argmax(logits, {.axis = 1, .output_type = int32}), labels);
    auto counted =
        group({score.assign_add(reduce_sum(cast(right, float32))), seen.assign_add(size(labels))});
    auto after = control_dependencies({counted});
    accuracy = score.read_value() / cast(seen.read_value(), float32);
  }

  void minimize() {
    auto step = train::get_or_create_global_step();
    auto rate = train::exponential_decay(0.3, step,
                                         {.decay_steps = 8, .decay_rate = 0.5, .staircase = true});
    train::GradientDescentOptimizer optimizer({.learning_rate = rate});
    auto pairs = optimizer.compute_gradients(loss);
    std::vector<Output> gradients;
    for (const auto& pair : pairs) gradients.push_back(pair.gradient);
    auto clipped = clip_by_global_norm(gradients, 1.0);
    norm = clipped.global_norm;
    for (size_t i = 0; i < pairs.size(); ++i) pairs[i].gradient = clipped.tensors[i];
    train = optimizer.apply_gradients(pairs, {.global_step = step});
  }
};

TEST_P(ModelTest, DigitsWithALearningRateScheduleAndClipping) {
  const Digits model;
  Comparison tensorflow("digits");
  Session session(options());
  session.run({global_variables_initializer(), local_variables_initializer()});
  auto step = session.make_callable({model.loss, model.norm, model.accuracy},
                                    {model.images, model.labels}, {model.train});
  for (int i = 0; i < 30; ++i) {
    const int count = i % 3 == 0 ? 3 : 4;
    tensorflow.step(step({numbers({count, 8, 8, 1}, i), choices({count}, i, 10)}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
