// Matrix factorisation: users' rows are looked up in a table kept in parts, each a variable of its
// own; Ftrl changes the rows that a batch names.
#include <string>
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

struct Factorization {
  Output users = placeholder(int64, {-1}), items = placeholder(int64, {-1});
  Output ratings = placeholder(float32, {-1});
  Output error, loss;
  Operation train;

  Factorization() {
    std::vector<Variable> parts;
    Variable user_bias;
    {
      auto scope = variable_scope("users");
      for (int i = 0; i < 3; ++i) {
        parts.push_back(get_variable("part" + std::to_string(i),
                                     {.shape = {i == 0 ? 4 : 3, 3}, .initializer = start(40 + i)}));
      }
      user_bias = get_variable("bias", {.shape = {10}, .initializer = zeros_initializer});
    }
    Variable item_table(numbers({8, 3}, 43, 0.5), {.name = "items"});
    Variable item_bias(zeros({8}), {.name = "item_bias"}), mean(0.5f, {.name = "mean"});

    auto user = nn::embedding_lookup(parts, users);
    auto item = nn::embedding_lookup(item_table, items);
    auto guess = reduce_sum(user * item, {.axis = 1}) + gather(user_bias, users) +
                 gather(item_bias, items) + mean;
    error = reduce_mean(square(guess - ratings));
    loss = error + 0.01 * (nn::l2_loss(user) + nn::l2_loss(item));
    train::FtrlOptimizer ftrl({.learning_rate = 0.2,
                               .initial_accumulator_value = 0.1,
                               .l1_regularization_strength = 0.001,
                               .name = "Follow"});
    train = ftrl.minimize(loss);
  }
};

TEST_P(ModelTest, MatrixFactorisationByFtrl) {
  const Factorization model;
  Comparison tensorflow("factorization");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 20; ++i) {
    tensorflow.step(session.run({model.error, model.loss, model.train},
                                {{model.users, choices({7}, 3 * i, 10, int64)},
                                 {model.items, choices({7}, 3 * i + 1, 8, int64)},
                                 {model.ratings, numbers({7}, 3 * i + 2, 2.0)}}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
