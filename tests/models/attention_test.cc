// A causal attention layer of two heads, made by a template: its second call shares the variables,
// and reads them after the step. The table of word vectors is looked up and, transposed, the
// output's weights: its gradient is of gathered rows and of the whole.
#include <cmath>
#include <string>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

Output layer_norm(const Output& x) {
  auto scope = variable_scope({.default_name = "norm"});
  auto gain = get_variable("gain", {.shape = {6}, .initializer = ones_initializer});
  auto shift = get_variable("shift", {.shape = {6}, .initializer = zeros_initializer});
  auto [mean, variance] = nn::moments(x, {-1}, {.keepdims = true});
  return nn::batch_normalization(x, mean, variance, {.offset = shift, .scale = gain});
}

Output two_heads(const Output& x) {
  return transpose(reshape(x, {2, 5, 2, 3}), {.perm = {0, 2, 1, 3}});
}

// 0 where a place may look, far below 0 where it would look ahead.
Tensor no_looking_ahead() {
  Tensor causal(float32, {5, 5});
  for (size_t i = 0; i < 25; ++i) {
    if (i % 5 > i / 5) causal.mutable_data<float>()[i] = -1e9f;
  }
  return causal;
}

Output transformer(const Output& ids) {
  auto table = get_variable("table", {.shape = {7, 6}, .initializer = start(45, 0.7)});
  auto places = get_variable("places", {.shape = {5, 6}, .initializer = start(46, 0.3)});
  auto x = gather(table, ids) + places;
  auto flat = reshape(layer_norm(x), {-1, 6});
  auto query = two_heads(dense(flat, 6, "query", 47)), key = two_heads(dense(flat, 6, "key", 48));
  auto value = two_heads(dense(flat, 6, "value", 49));
  auto scores = matmul(query, key, {.transpose_b = true}) / std::sqrt(3.0f);
  auto mixed = matmul(nn::softmax(scores + no_looking_ahead()), value);
  auto joined = reshape(transpose(mixed, {.perm = {0, 2, 1, 3}}), {2, 5, 6});
  auto last = reshape(layer_norm(x + joined), {-1, 6});
  return matmul(last, table, {.transpose_b = true});
}

TEST_P(ModelTest, AttentionByATemplate) {
  auto text = placeholder(int32, {2, 6});
  auto tokens = slice(text, {0, 0}, {2, 5}), following = slice(text, {0, 1}, {2, 5});
  auto model = make_template("transformer", transformer);
  auto wanted = 0.9 * one_hot(reshape(following, {-1}), 7) + 0.1 / 7;
  auto loss = reduce_mean(
      nn::softmax_cross_entropy_with_logits({.labels = wanted, .logits = model(tokens)}));
  auto step = train::get_or_create_global_step();
  auto rate = train::cosine_decay(0.03, step, {.decay_steps = 25, .alpha = 0.1});
  train::AdamOptimizer adam({.learning_rate = rate, .beta2 = 0.99, .epsilon = 1e-3});
  auto train = adam.minimize(loss, {.global_step = step});
  Output answers;
  {
    auto after = control_dependencies({train});
    answers = nn::softmax(model(tokens));
  }

  Comparison tensorflow("attention");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 30; ++i) {
    tensorflow.step(session.run({loss, answers, train}, {{text, choices({2, 6}, i, 7)}}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
