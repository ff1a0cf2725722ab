// A wide model and a deep one, over variables that partitioners cut: rows are looked up in the
// parts, by "div" and by "mod", and each half has an optimizer of its own.
#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

struct WideAndDeep {
  Output crossed = placeholder(int32, {-1, 3}), words = placeholder(int32, {-1});
  Output figures = placeholder(float32, {-1, 3}), labels = placeholder(float32, {-1});
  Variable table, embeddings;
  Output wide, deep, loss;
  Operation train;

  WideAndDeep() {
    {
      auto scope = variable_scope("wide", {.partitioner = fixed_size_partitioner(3)});
      table = get_variable("table", {.shape = {20, 1}, .initializer = start(25, 0.3)});
      auto bias = get_variable("bias", {.shape = {}, .initializer = zeros_initializer});
      auto rows = nn::embedding_lookup(table, crossed, {.partition_strategy = "div"});
      wide = reduce_sum(rows, {.axis = {1, 2}}) + bias;
    }
    {
      auto cut = variable_axis_size_partitioner({.max_shard_bytes = 64, .axis = 0});
      auto scope = variable_scope("deep", {.partitioner = cut});
      embeddings = get_variable("embeddings", {.shape = {12, 4}, .initializer = start(26)});
      auto x = concat({nn::embedding_lookup(embeddings, words), figures}, 1);
      x = nn::relu(dense(x, 6, "hidden1", 27, 0.7));
      x = nn::relu(dense(x, 5, "hidden2", 28, 0.7));
      deep = squeeze(dense(x, 1, "out", 29, 0.7), {.axis = {1}});
    }
    loss = reduce_mean(
        nn::sigmoid_cross_entropy_with_logits({.labels = labels, .logits = wide + deep}));

    auto step = train::get_or_create_global_step();
    train::FtrlOptimizer ftrl({.learning_rate = 0.2,
                               .l1_regularization_strength = 0.01,
                               .l2_regularization_strength = 0.02});
    train::AdagradOptimizer adagrad({.learning_rate = 0.1});
    train = group(
        {ftrl.minimize(loss, {.var_list = trainable_variables("wide/")}),
         adagrad.minimize(loss, {.global_step = step, .var_list = trainable_variables("deep/")})});
  }
};

TEST_P(ModelTest, WideAndDeepOnPartitionedVariables) {
  const WideAndDeep model;
  EXPECT_EQ(model.table.parts().size(), 3u);
  EXPECT_EQ(model.embeddings.parts().size(), 3u);
  Comparison tensorflow("wide_deep");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 20; ++i) {
    tensorflow.step(session.run({model.loss, model.wide, model.train},
                                {{model.crossed, choices({6, 3}, 4 * i, 20)},
                                 {model.words, choices({6}, 4 * i + 1, 12)},
                                 {model.figures, numbers({6, 3}, 4 * i + 2)},
                                 {model.labels, choices({6}, 4 * i + 3, 2, float32)}}));
  }
  tensorflow.step(session.run({model.table, model.embeddings}));
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
