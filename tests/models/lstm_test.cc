// An LSTM unrolled over four letters. Its state is carried from run to run in local variables,
// which each step writes once the weights are changed; initialising the local variables forgets it.
#include <string>
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

struct State {
  Output h, c;
};

State lstm_cell(const Output& x, const State& before) {
  auto scope = variable_scope("cell", {.reuse = AUTO_REUSE});
  auto weights = get_variable("weights", {.shape = {11, 20}, .initializer = start(16, 0.6)});
  auto biases = get_variable("biases", {.shape = {20}, .initializer = start(17, 0.2)});
  auto gates = nn::bias_add(matmul(concat({x, before.h}, 1), weights), biases);
  auto parts = split(gates, 4, {.axis = 1});
  auto c = before.c * sigmoid(parts[2] + 1.0) + sigmoid(parts[0]) * tanh(parts[1]);
  return {tanh(c) * sigmoid(parts[3]), c};
}

struct Lstm {
  Output text = placeholder(int32, {2, 5});
  Variable kept_h, kept_c;
  State state;
  Output loss, norm;
  Operation train, forget;

  Lstm() {
    unroll();
    minimize();
    forget = local_variables_initializer();
  }

  void unroll() {
    auto letters = unstack(one_hot(slice(text, {0, 0}, {2, 4}), 6), {.axis = 1});
    auto following = unstack(slice(text, {0, 1}, {2, 4}), {.axis = 1});
    auto model = variable_scope("model");
    auto zeros = zeros_initializer();
    kept_h = get_local_variable("h", {.shape = {2, 5}, .initializer = zeros});
    kept_c = get_local_variable("c", {.shape = {2, 5}, .initializer = zeros});
    state = {kept_h, kept_c};
    std::vector<Output> losses;
    for (size_t t = 0; t < letters.size(); ++t) {
      state = lstm_cell(letters[t], state);
      auto scope = variable_scope("letters", {.reuse = t > 0});
      auto logits = dense(state.h, 6, "next", 18, 0.6);
      losses.push_back(
          nn::sparse_softmax_cross_entropy_with_logits({.labels = following[t], .logits = logits}));
    }
    loss = reduce_mean(stack(losses));
  }

  void minimize() {
    auto variables = trainable_variables();
    auto clipped = clip_by_global_norm(gradients({loss}, variables), 0.4);
    norm = clipped.global_norm;
    train::MomentumOptimizer optimizer({.learning_rate = 0.3, .momentum = 0.7});
    auto after =
        control_dependencies({optimizer.apply_gradients(train::zip(clipped.tensors, variables))});
    train = group({kept_h.assign(state.h), kept_c.assign(state.c)});
  }
};

TEST_P(ModelTest, LstmWithCarriedState) {
  const Lstm model;
  Comparison tensorflow("lstm");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 28; ++i) {
    if (i % 7 == 0) session.run(model.forget);
    tensorflow.step(
        session.run({model.loss, model.norm, model.train}, {{model.text, choices({2, 5}, i, 6)}}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
