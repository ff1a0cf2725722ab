// A dense layer over batches of any size, and a recurrent cell that shares its weights over time.
#include <tenon/tenon.h>

#include <cmath>
#include <iostream>
#include <string>
#include <vector>

namespace tn = tenon;

namespace {

constexpr int64_t kSteps = 4;
constexpr int64_t kInputs = 3;
constexpr int64_t kUnits = 5;

tn::Output dense_layer(const tn::Output& x, int64_t units, const std::string& name) {
  auto scope = tn::variable_scope(name);
  auto weights = tn::get_variable("weights", {.shape = {x.shape()[-1], units}});
  auto biases =
      tn::get_variable("biases", {.shape = {units}, .initializer = tn::zeros_initializer()});
  return tn::matmul(x, weights) + biases;
}

// One step: the new state from an input and the state before.
tn::Output rnn_cell(const tn::Output& input, const tn::Output& state) {
  auto scope = tn::variable_scope("rnn_cell", {.reuse = tn::AUTO_REUSE});
  auto w = tn::get_variable("w", {.shape = {kInputs + kUnits, kUnits}});
  auto b = tn::get_variable("b", {.shape = {kUnits}, .initializer = tn::zeros_initializer()});
  return tn::tanh(tn::matmul(tn::concat({input, state}, 1), w) + b);
}

// Numbers to feed: smooth, the same on every machine.
tn::Tensor wave(const tn::Shape& shape, float scale) {
  std::vector<float> values(static_cast<size_t>(shape.element_count()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sin(scale * static_cast<float>(i));
  }
  return tn::Tensor::from(values, shape);
}

void show_variables() {
  for (const tn::Variable& v : tn::trainable_variables()) {
    std::cout << "  " << v.name() << ' ' << v.shape() << '\n';
  }
}

void dense() {
  tn::Graph graph;
  auto as_default = graph.as_default();
  tn::Output x = tn::placeholder(tn::float32, {-1, 10}, {.name = "x"});
  tn::Output y = dense_layer(x, 20, "layer1");
  std::cout << "A dense layer: " << x.shape() << " -> " << y.shape() << '\n';
  show_variables();

  tn::Session session;
  session.run(tn::global_variables_initializer());
  for (int64_t batch : {4, 1}) {
    const tn::Tensor value = session.run(y, {{x, wave({batch, 10}, 0.1f)}});
    std::cout << "  a batch of " << batch << ": " << value.shape() << '\n';
  }
  try {
    session.run(y, {{x, wave({4, 9}, 0.1f)}});
  } catch (const tn::ValueError& error) {
    std::cout << "  a batch of rows of 9: " << to_string(error.kind()) << '\n';
  }
}

void rnn() {
  tn::Graph graph;
  auto as_default = graph.as_default();
  tn::set_random_seed(1);
  tn::Output inputs = tn::placeholder(tn::float32, {kSteps, 2, kInputs}, {.name = "inputs"});
  tn::Output state = tn::zeros({2, kUnits});
  std::vector<tn::Output> states;
  for (const tn::Output& input : tn::unstack(inputs)) {
    state = rnn_cell(input, state);
    states.push_back(state);
  }
  std::cout << "\nA recurrent cell over " << kSteps << " steps\n";
  show_variables();
  std::cout << "  states:";
  for (const tn::Output& output : states) std::cout << ' ' << output.name();
  std::cout << '\n';

  // The loss looks only at the last state; through time its gradient reaches the shared weights.
  tn::Output loss = tn::reduce_mean(tn::square(state - 0.5f));
  tn::Operation train_op =
      tn::train::GradientDescentOptimizer({.learning_rate = 0.5f}).minimize(loss);
  tn::Session session;
  session.run(tn::global_variables_initializer());
  const tn::Feeds feeds = {{inputs, wave({kSteps, 2, kInputs}, 0.3f)}};
  const float before = session.run(loss, feeds).scalar<float>();
  for (int i = 0; i < 50; ++i) session.run(train_op, feeds);
  const float after = session.run(loss, feeds).scalar<float>();
  std::cout << "  loss after 50 steps of training: " << (after < 0.2f * before ? "below" : "above")
            << " a fifth of what it was\n";
}

}  // namespace

int main() {
  try {
    dense();
    rnn();
  } catch (const tn::Error& error) {
    std::cerr << "dense_and_rnn: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
