// The model that the tests of several processes train.
#pragma once

#include <tenon/tenon.h>

#include <string>
#include <vector>

namespace mpi_testing {

namespace tn = tenon;
using tn::train::ClusterSpec;

struct Model {
  tn::Graph graph;
  tn::Output x, y, loss;
  tn::Operation train, init;
  std::vector<tn::Variable> variables;
};

// Two layers, a table of which few rows are used, regularisation and a step that is counted: with
// `spec`, spread over parameter servers, else all in one process.
inline Model model(const std::string& optimizer, bool use_resource, const ClusterSpec& spec,
                   int worker) {
  Model made;
  const auto as_default = made.graph.as_default();
  tn::set_random_seed(7);
  const auto spread = spec ? tn::device(tn::train::replica_device_setter(
                                 {.worker_device = "/job:worker/task:" + std::to_string(worker),
                                  .cluster = spec.as_dict()}))
                           : tn::device("");
  const auto scope = tn::variable_scope("model", {.use_resource = use_resource});
  made.x = tn::placeholder(tn::float32, {-1, 3}, {.name = "x"});
  made.y = tn::placeholder(tn::float32, {-1, 1}, {.name = "y"});
  auto w = tn::get_variable("w", {.shape = {3, 4}});
  auto b = tn::get_variable("b", {.shape = {4}, .initializer = tn::zeros_initializer()});
  auto table = tn::get_variable("table", {.shape = {10, 4}});
  auto v = tn::get_variable("v", {.shape = {4, 1}});
  const auto step = tn::train::get_or_create_global_step();
  auto ids = tn::cast(tn::reshape(tn::slice(made.x, {0, 0}, {-1, 1}), {-1}), tn::int64);
  auto hidden = tn::tanh(tn::matmul(made.x, w) + b) + tn::nn::embedding_lookup(table, ids);
  made.loss = tn::reduce_mean(tn::square(tn::matmul(hidden, v) - made.y)) +
              0.01f * tn::reduce_sum(tn::square(w));
  if (optimizer == "sgd") {
    made.train = tn::train::GradientDescentOptimizer({.learning_rate = 0.1f})
                     .minimize(made.loss, {.global_step = step});
  } else if (optimizer == "momentum") {
    made.train = tn::train::MomentumOptimizer({.learning_rate = 0.05f, .momentum = 0.9f})
                     .minimize(made.loss, {.global_step = step});
  } else if (optimizer == "adam") {
    made.train = tn::train::AdamOptimizer({.learning_rate = 0.01f})
                     .minimize(made.loss, {.global_step = step});
  }
  made.variables = tn::global_variables();
  made.init = tn::global_variables_initializer();
  return made;
}

inline tn::Tensor inputs(int step) {
  std::vector<float> values;
  for (int i = 0; i < 5; ++i) {
    values.insert(values.end(),
                  {static_cast<float>((i * 3 + step) % 10), 0.1f * static_cast<float>(i),
                   0.3f * static_cast<float>(step % 4)});
  }
  return tn::Tensor::from<float>(values, {5, 3});
}
inline tn::Tensor targets() {
  return tn::Tensor::from<float>(std::vector<float>{1, -1, 0, 2, 0.5f}, {5, 1});
}

}  // namespace mpi_testing
