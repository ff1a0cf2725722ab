// Half of each batch on each of two GPUs, with one set of variables on the CPU; the gradients of
// the two towers are averaged before they are applied.
#include <string>
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

Output layer_on_cpu(const Output& x, int64_t units, const std::string& name, int seed) {
  auto scope = variable_scope(name);
  Variable weights, biases;
  {
    auto on = device("/cpu:0");
    weights =
        get_variable("weights", {.shape = {x.shape()[1], units}, .initializer = start(seed, 0.6)});
    biases = get_variable("biases", {.shape = {units}, .initializer = zeros_initializer});
  }
  return matmul(x, weights) + biases;
}

struct TwoTowers {
  Output x = placeholder(float32, {8, 6}), labels = placeholder(int32, {8});
  std::vector<Output> losses;
  Operation train;

  TwoTowers() {
    auto step = train::get_or_create_global_step();
    train::RMSPropOptimizer optimizer({.learning_rate = 0.02, .momentum = 0.4, .epsilon = 1e-3});
    std::vector<train::GradientsAndVariables> towers;
    {
      auto scope = variable_scope(get_variable_scope());
      auto parts = split(x, 2), answers = split(labels, 2);
      for (size_t i = 0; i < parts.size(); ++i) {
        auto on = device("/gpu:" + std::to_string(i));
        auto names = name_scope("tower_" + std::to_string(i));
        auto hidden = nn::relu(layer_on_cpu(parts[i], 7, "hidden", 30));
        auto logits = layer_on_cpu(hidden, 3, "classes", 31);
        scope.reuse_variables();
        losses.push_back(reduce_mean(nn::sparse_softmax_cross_entropy_with_logits(
            {.labels = answers[i], .logits = logits})));
        towers.push_back(optimizer.compute_gradients(losses.back()));
      }
    }
    auto averaged = towers[0];
    for (size_t i = 0; i < averaged.size(); ++i) {
      auto both = stack({towers[0][i].gradient, towers[1][i].gradient});
      averaged[i].gradient = reduce_mean(both, {.axis = 0});
    }
    train = optimizer.apply_gradients(averaged, {.global_step = step});
  }
};

TEST_P(ModelTest, TwoTowers) {
  const TwoTowers model;
  Comparison tensorflow("two_towers");
  Session session(options());
  session.run(global_variables_initializer());
  auto step = session.make_callable({model.losses[0], model.losses[1]}, {model.x, model.labels},
                                    {model.train});
  for (int i = 0; i < 30; ++i) {
    tensorflow.step(step({numbers({8, 6}, 2 * i), choices({8}, 2 * i + 1, 3)}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
