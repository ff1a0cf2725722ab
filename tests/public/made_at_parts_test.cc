// Where operations were made by what isn't an operation itself: sparse tensors, layers, cells,
// losses, metrics, summaries, guards, functions of the program's.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/public/made_at_testing.h"
#include "tests/testing/errors.h"

namespace tenon::test {
namespace {

class MadeAtPartsTest : public MadeAtFixture {
 protected:
  const SparseTensor sparse_{constant({{int64_t{0}, int64_t{1}}, {int64_t{1}, int64_t{0}}}),
                             constant({1.0f, 2.0f}),
                             {2, 3}};
  const Output x_ = placeholder(float32, {-1, 4}), image_ = placeholder(float32, {-1, 8, 8, 3}),
               ids_ = constant({0, 1});
  const Variable w_ = get_variable("w", {.shape = {4}}), m_ = get_variable("m", {.shape = {4, 4}});

  void SetUp() override { seen_ = graph_.operations().size(); }
};

TEST_F(MadeAtPartsTest, OfSparseTensors) {
  EXPECT_HERE(sparse_reorder(sparse_));
  EXPECT_HERE(sparse_transpose(sparse_));
  EXPECT_HERE(sparse_transpose(sparse_, {.perm = {1, 0}}));
  EXPECT_HERE(sparse_add(sparse_, sparse_));
  EXPECT_HERE(sparse_add(sparse_, ones({2, 3})));
  EXPECT_HERE(sparse_retain(sparse_, {true, false}));
  EXPECT_HERE(sparse_fill_empty_rows(sparse_, 0));
  EXPECT_HERE(sparse_tensor_to_dense(sparse_));
  EXPECT_HERE(sparse_tensor_dense_matmul(sparse_, ones({3, 2})));
  EXPECT_HERE(sparse_reduce_sum(sparse_));
  EXPECT_HERE(sparse_reduce_sum(sparse_, 1));
  EXPECT_HERE(const SparseTensor ids({{0L, 0L}}, {1L}, {2, 3}));
  EXPECT_HERE(nn::embedding_lookup_sparse({m_}, ids));
  EXPECT_HERE(nn::safe_embedding_lookup_sparse({m_}, ids));
}

TEST_F(MadeAtPartsTest, OfLayersAndCells) {
  EXPECT_HERE(layers::dense(x_, 3));
  EXPECT_HERE(layers::conv2d(image_, 4, 3));
  EXPECT_HERE(layers::separable_conv2d(image_, 4, 3));
  EXPECT_HERE(layers::batch_normalization(x_, {.training = true}));
  EXPECT_HERE(layers::dropout(x_, {.training = true}));
  EXPECT_HERE(layers::max_pooling2d(image_, 2, 2));
  EXPECT_HERE(const Output rows = ones({2, 4}); const Output steps = ones({2, 5, 4}));
  nn::GRUCell gru({.num_units = 4});
  EXPECT_HERE(const nn::State zero = gru.zero_state(2, float32));
  EXPECT_HERE(gru(rows, zero));
  nn::DropoutWrapper dropped(std::make_shared<nn::GRUCell>(nn::GRUCellOptions{.num_units = 4}),
                             {.input_keep_prob = 0.5});
  EXPECT_HERE(dropped(rows, zero));
  nn::ResidualWrapper residual(std::make_shared<nn::GRUCell>(nn::GRUCellOptions{.num_units = 4}));
  EXPECT_HERE(residual(rows, zero));
  nn::MultiRNNCell several({std::make_shared<nn::GRUCell>(nn::GRUCellOptions{.num_units = 4})});
  EXPECT_HERE(several(rows, nn::State(std::vector<nn::State>{zero})));
  EXPECT_HERE(nn::static_rnn(gru, {rows, rows}, {.dtype = float32, .scope = "a"}));
  EXPECT_HERE(nn::static_bidirectional_rnn(gru, several, {rows}, {.dtype = float32}));
  EXPECT_HERE(nn::dynamic_rnn(gru, steps, {.dtype = float32, .scope = "b"}));
}

TEST_F(MadeAtPartsTest, OfLossesAndMetrics) {
  EXPECT_HERE(losses::mean_squared_error(x_, x_));
  EXPECT_HERE(losses::softmax_cross_entropy(x_, x_));
  EXPECT_HERE(losses::mean_pairwise_squared_error(x_, x_));
  EXPECT_HERE(const Output ranks = constant({{0L}}));
  EXPECT_HERE(metrics::mean(x_));
  EXPECT_HERE(metrics::mean_tensor(w_));
  EXPECT_HERE(metrics::percentage_below(x_, 1));
  EXPECT_HERE(metrics::accuracy(ids_, ids_));
  EXPECT_HERE(metrics::root_mean_squared_error(x_, x_));
  EXPECT_HERE(metrics::mean_relative_error(x_, x_, x_));
  EXPECT_HERE(metrics::mean_cosine_distance(x_, x_, 1));
  EXPECT_HERE(metrics::mean_iou(ids_, ids_, 2));
  EXPECT_HERE(metrics::mean_per_class_accuracy(ids_, ids_, 2));
  EXPECT_HERE(metrics::true_positives(ids_, ids_));
  EXPECT_HERE(metrics::precision(ids_, ids_));
  EXPECT_HERE(metrics::recall_at_thresholds(w_, w_, {0.5, 0.7}));
  EXPECT_HERE(metrics::auc(w_, w_));
  EXPECT_HERE(metrics::sensitivity_at_specificity(w_, w_, 0.5));
  EXPECT_HERE(metrics::precision_at_k(ranks, ones({1, 4}), 2));
}

TEST_F(MadeAtPartsTest, OfGuardsSummariesAndFunctions) {
  EXPECT_HERE(cond(
      equal(1, 1), [&] { return x_; }, [&] { return x_; }));
  EXPECT_HERE(Print(x_, {x_}));
  EXPECT_HERE(assert_equal(ids_, ids_));
  EXPECT_HERE(with_dependencies({w_}, x_));
  EXPECT_HERE(summary::scalar("mean", reduce_mean(x_)));
  EXPECT_HERE(summary::merge_all());
  EXPECT_HERE(function_op([](const std::vector<Tensor>& in) { return in; }, {x_}, {float32}));
  train::GradientDescentOptimizer sgd({.learning_rate = 1});
  EXPECT_HERE(const auto pairs = sgd.compute_gradients(reduce_sum(w_)));
  EXPECT_HERE(train::accumulate_gradients(pairs));
  EXPECT_HERE(tables_initializer());
  EXPECT_HERE(einsum("ij,jk->ik", {x_, m_}));
  EXPECT_HERE(image::resize_bilinear(image_, {4, 4}));
  EXPECT_HERE(audio::decode_wav("a"));
}

TEST_F(MadeAtPartsTest, OfImportedGraphsAndWhatAMonitoredSessionMakes) {
  std::string file;
  {
    const Graph other;
    const ScopeGuard as_default = other.as_default();
    identity(placeholder(float32, {}, {.name = "x"}), {.name = "y"});
    file = other.as_graph_def();
  }
  EXPECT_HERE(import_graph_def_bytes(file, {.name = "imported"}));
  const auto here = [](int line) { return std::string(__FILE__) + ":" + std::to_string(line); };
  EXPECT_HERE(train::Scaffold().finalize());
  const Graph closed;
  const ScopeGuard as_default = closed.as_default();
  closed.finalize();
  EXPECT_ERROR(train::MonitoredSession(), RuntimeError, bad_argument, here(__LINE__));
}

TEST_F(MadeAtPartsTest, ErrorsOfSparseTensorsNameTheLine) {
  const SparseTensor unknown(placeholder(int64), placeholder(float32), placeholder(int64));
  try {
    sparse_transpose(unknown);
    ADD_FAILURE() << "its rank isn't known";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), std::string("sparse_transpose needs to know the rank, asked for at ") +
                                __FILE__ + ":" + std::to_string(__LINE__ - 4));
  }
}

}  // namespace
}  // namespace tenon::test
