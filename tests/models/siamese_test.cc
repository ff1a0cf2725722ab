// One network reads both sides of a pair. Two sessions train it apart; then the graph grows by
// another optimizer, by what one of them resets, and by a question, and a third session begins.
#include <cstddef>
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

struct Siamese {
  Output left = placeholder(float32, {-1, 4}), right = placeholder(float32, {-1, 4});
  Output same = placeholder(float32, {-1});
  Output distance, loss;

  static Output embed(const Output& x) {
    auto scope = variable_scope("siamese", {.reuse = AUTO_REUSE});
    return dense(tanh(dense(x, 6, "hidden", 32, 0.8)), 3, "embedding", 33, 0.8);
  }

  Siamese() {
    distance = reduce_sum(squared_difference(embed(left), embed(right)), {.axis = 1});
    auto apart = square(nn::relu(1.0 - sqrt(distance + 1e-6)));
    loss = reduce_mean(same * distance + (1.0 - same) * apart);
  }

  Feeds batch(int i) const {
    return {{left, numbers({6, 4}, 3 * i)},
            {right, numbers({6, 4}, 3 * i + 1)},
            {same, choices({6}, 3 * i + 2, 2, float32)}};
  }
};

TEST_P(ModelTest, SiameseOverSeveralSessionsAndAGrowingGraph) {
  const Siamese model;
  auto train = train::GradientDescentOptimizer({.learning_rate = 0.1}).minimize(model.loss);
  Comparison tensorflow("siamese");
  Session first(options()), second(options());
  first.run(global_variables_initializer());
  second.run(global_variables_initializer());
  for (int i = 0; i < 12; ++i) {
    tensorflow.step({first.run({model.loss, train}, model.batch(i))[0],
                     second.run({model.loss, train}, model.batch(50 + i))[0]});
  }
  tensorflow.variables(first, "first");
  tensorflow.variables(second, "second");

  const auto before = static_cast<std::ptrdiff_t>(global_variables().size());
  const auto biases = global_variables("siamese/.*biases");
  train::AdadeltaOptimizer adadelta({.learning_rate = 0.5, .rho = 0.9, .epsilon = 1e-4});
  auto further = adadelta.minimize(model.loss);
  auto wrong = not_equal(model.distance<0.5, model.same> 0.5);
  auto mistaken = reduce_mean(cast(wrong, float32));
  const auto all = global_variables();
  const std::vector<Variable> added(all.begin() + before, all.end());
  second.run(variables_initializer(added));
  Session third(options());
  third.run(global_variables_initializer());
  first.run(variables_initializer(biases));
  for (int i = 12; i < 24; ++i) {
    const auto goes_on = first.run({model.loss, mistaken, train}, model.batch(i));
    tensorflow.step({second.run({model.loss, further}, model.batch(i))[0],
                     third.run({model.loss, further}, model.batch(50 + i))[0], goes_on[0],
                     goes_on[1]});
  }
  tensorflow.variables(first, "first again");
  tensorflow.variables(second, "second again");
  tensorflow.variables(third, "third");
}

}  // namespace
}  // namespace tenon::models
