// Word vectors by negative sampling. Gathered rows get sparse updates, also where one comes twice;
// two optimizers share the work; the vectors are compared with each other at the end.
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

struct SkipGram {
  Output centers = placeholder(int32, {-1}), contexts = placeholder(int32, {-1});
  Output sampled = placeholder(int32, {4}), query = placeholder(int32, {-1});
  Output loss, similar;
  Operation train;

  SkipGram() {
    Variable words, outer, biases;
    {
      auto scope = variable_scope("skip_gram", {.initializer = start(15, 0.6)});
      words = get_variable("words", {.shape = {12, 5}});
      outer = get_variable("outer", {.shape = {12, 5}});
      biases = get_variable("biases", {.shape = {12}, .initializer = zeros_initializer});
    }
    auto near = nn::embedding_lookup(words, centers);
    auto truth = reduce_sum(near * nn::embedding_lookup(outer, contexts), {.axis = 1}) +
                 gather(biases, contexts);
    auto wrong = matmul(near, nn::embedding_lookup(outer, sampled), {.transpose_b = true}) +
                 gather(biases, sampled);
    loss = reduce_mean(nn::softplus(-truth) + reduce_sum(nn::softplus(wrong), {.axis = 1}));

    train::AdagradOptimizer adagrad({.learning_rate = 0.3, .initial_accumulator_value = 0.2});
    train::MomentumOptimizer momentum(
        {.learning_rate = 0.1, .momentum = 0.6, .use_nesterov = true});
    auto step = train::create_global_step();
    auto pairs = adagrad.compute_gradients(loss, {.var_list = {words, outer, biases}});
    train = group({adagrad.apply_gradients({pairs[0]}, {.global_step = step}),
                   momentum.apply_gradients({pairs[1], pairs[2]})});

    auto unit = words * rsqrt(reduce_sum(square(words), {.axis = 1, .keepdims = true}));
    similar = matmul(gather(unit, query), unit, {.transpose_b = true});
  }
};

TEST_P(ModelTest, SkipGramWithSparseUpdates) {
  const SkipGram model;
  Comparison tensorflow("skip_gram");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 30; ++i) {
    tensorflow.step(
        session.run({model.loss, model.train}, {{model.centers, choices({8}, 6 * i, 12)},
                                                {model.contexts, choices({8}, 6 * i + 1, 12)},
                                                {model.sampled, choices({4}, 6 * i + 2, 12)}}));
  }
  tensorflow.step({session.run(model.similar, {{model.query, Tensor({0, 7})}})});
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
