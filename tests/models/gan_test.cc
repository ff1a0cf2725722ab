// A generator against a discriminator, with batch normalisation written by hand: its averages are
// updated by what it adds to UPDATE_OPS, and read where the generator only shows what it can. The
// discriminator's variables are clipped after each of its steps.
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

Output batch_norm(const Output& x, bool training) {
  auto scope = variable_scope("norm");
  const Shape units = {x.shape()[1]};
  auto zeros = zeros_initializer(), ones = ones_initializer();
  auto scale = get_variable("scale", {.shape = units, .initializer = ones});
  auto offset = get_variable("offset", {.shape = units, .initializer = zeros});
  auto moving_mean =
      get_variable("moving_mean", {.shape = units, .initializer = zeros, .trainable = false});
  auto moving_variance =
      get_variable("moving_variance", {.shape = units, .initializer = ones, .trainable = false});
  if (!training) return (x - moving_mean) * rsqrt(moving_variance + 1e-3) * scale + offset;
  auto mean = reduce_mean(x, {.axis = 0});
  auto variance = reduce_mean(square(x - mean), {.axis = 0});
  auto keep = [](const Variable& moving, const Output& now) {
    add_to_collection(GraphKeys::UPDATE_OPS, moving.assign_sub(0.1 * (moving - now)).op());
  };
  keep(moving_mean, mean);
  keep(moving_variance, variance);
  return (x - mean) * rsqrt(variance + 1e-3) * scale + offset;
}

Output generator(const Output& z, bool training) {
  Output hidden;
  {
    auto scope = variable_scope("hidden");
    auto weights = get_variable("weights", {.shape = {3, 6}, .initializer = start(11)});
    hidden = nn::relu(batch_norm(matmul(z, weights), training));
  }
  return tanh(dense(hidden, 2, "point", 12));
}

Output discriminator(const Output& points) {
  auto hidden = nn::leaky_relu(dense(points, 8, "hidden", 13, 0.8), {.alpha = 0.2});
  return dense(hidden, 1, "real", 14, 0.8);
}

Output told_apart(const Output& logits, float label) {
  return reduce_mean(nn::sigmoid_cross_entropy_with_logits(
      {.labels = fill(shape(logits), label), .logits = logits}));
}

struct Gan {
  Output z = placeholder(float32, {-1, 3}), real = placeholder(float32, {-1, 2});
  Output shown, d_loss, g_loss;
  Operation d_train, g_train;

  Gan() {
    Output fake, real_logits, fake_logits;
    {
      auto scope = variable_scope("generator");
      fake = generator(z, true);
      scope.reuse_variables();
      shown = generator(z, false);
    }
    {
      auto scope = variable_scope("discriminator");
      real_logits = discriminator(real);
      scope.reuse_variables();
      fake_logits = discriminator(fake);
    }
    d_loss = told_apart(real_logits, 0.9f) + told_apart(fake_logits, 0.0f);
    g_loss = told_apart(fake_logits, 1.0f);

    auto d_variables = trainable_variables("discriminator/");
    train::AdamOptimizer d_adam({.learning_rate = 0.02, .beta1 = 0.5, .name = "DAdam"});
    train::AdamOptimizer g_adam({.learning_rate = 0.02, .beta1 = 0.5, .name = "GAdam"});
    {
      auto after = control_dependencies({d_adam.minimize(d_loss, {.var_list = d_variables})});
      std::vector<Output> clipped;
      for (auto& v : d_variables) clipped.push_back(v.assign(clip_by_value(v, -0.6, 0.6)));
      d_train = group(clipped);
    }
    auto updates = get_collection<Operation>(GraphKeys::UPDATE_OPS, "generator/");
    auto after = control_dependencies(updates);
    g_train = g_adam.minimize(g_loss, {.var_list = trainable_variables("generator/")});
  }
};

TEST_P(ModelTest, GanWithBatchNormalisationByHand) {
  const Gan gan;
  Comparison tensorflow("gan");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 25; ++i) {
    Tensor points = numbers({8, 2}, 9 * i + 1, 0.4);
    for (float& x : points.mutable_data<float>()) x += 0.3f;
    tensorflow.step(session.run({gan.d_loss, gan.d_train},
                                {{gan.z, numbers({8, 3}, 9 * i)}, {gan.real, points}}));
    tensorflow.step(session.run({gan.g_loss, gan.g_train}, {{gan.z, numbers({8, 3}, 9 * i + 2)}}));
    tensorflow.step({session.run(gan.shown, {{gan.z, numbers({2, 3}, 9 * i + 3)}})});
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
