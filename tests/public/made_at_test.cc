// Where an operation was made is the program's line, whatever functions of the library made it.
#include <gtest/gtest.h>

#include <string>

#include "tenon/tenon.h"
#include "tests/public/made_at_testing.h"
#include "tests/testing/errors.h"

namespace tenon::test {
namespace {

class MadeAtTest : public MadeAtFixture, public ::testing::WithParamInterface<bool> {
 protected:
  MadeAtTest() { get_variable_scope().set_use_resource(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(ReferenceAndResource, MadeAtTest, ::testing::Bool());

TEST_P(MadeAtTest, OfElementwiseOperationsAndReductions) {
  EXPECT_HERE(const Output x = placeholder(float32, {-1, 4}));
  EXPECT_HERE(const Variable w = get_variable("w", {.shape = {4}}));
  EXPECT_HERE(x + w);
  EXPECT_HERE(2 * w - x / 3.0f);
  EXPECT_HERE(-w);
  EXPECT_HERE(square(w));
  EXPECT_HERE(add(w, 1));
  EXPECT_HERE(divide(constant(3), 2));
  EXPECT_HERE(logical_xor(less(x, w), true));
  EXPECT_HERE(cast(w, float64));
  EXPECT_HERE(add_n({w, w * 2}));
  EXPECT_HERE(add_n(std::vector<Variable>{w, w}));
  EXPECT_HERE(reduce_mean(x, {.axis = 1}));
  EXPECT_HERE(reduce_sum(placeholder(float32)));
  EXPECT_HERE(argmax(x, {.axis = 1}));
  EXPECT_HERE(cumsum(w));
  EXPECT_HERE(matmul(x, {{1.0f}, {2.0f}, {3.0f}, {4.0f}}));
  EXPECT_HERE(qr(x));
  EXPECT_HERE(matrix_diag(w));
  EXPECT_HERE(clip_by_value(w, 0, 1));
  EXPECT_HERE(clip_by_norm(w, 1));
  EXPECT_HERE(clip_by_global_norm({x, w}, 1));
  EXPECT_HERE(global_norm({x}));
  EXPECT_HERE(check_numerics(w, "bad"));
}

TEST_P(MadeAtTest, OfWhatMovesElements) {
  EXPECT_HERE(const Output x = placeholder(float32, {-1, 4}));
  EXPECT_HERE(const Output n = placeholder(int32, {}));
  EXPECT_HERE(const Variable w = get_variable("w", {.shape = {4}}));
  EXPECT_HERE(zeros({2}));
  EXPECT_HERE(ones({n, 2}));
  EXPECT_HERE(fill({n, n}, 2));
  EXPECT_HERE(zeros_like(x));
  EXPECT_HERE(ones_like(w, {.dtype = int32}));
  EXPECT_HERE(range(n));
  EXPECT_HERE(shape(x)[0]);
  EXPECT_HERE(x[n]);
  EXPECT_HERE(reshape(x, {n, -1}));
  EXPECT_HERE(reshape(w, shape(w)));
  EXPECT_HERE(expand_dims(w, 0));
  EXPECT_HERE(squeeze(x, {.axis = {0}}));
  EXPECT_HERE(transpose(placeholder(float32)));
  EXPECT_HERE(transpose(x));
  EXPECT_HERE(broadcast_to(w, {n, 4}));
  EXPECT_HERE(concat({x, x}, 0));
  EXPECT_HERE(concat(std::vector<Output>{x}, 0));
  EXPECT_HERE(stack(std::vector<Variable>{w, w}));
  EXPECT_HERE(unstack(w));
  EXPECT_HERE(split(x, 2, {.axis = 1}));
  EXPECT_HERE(split(x, {1, 3}, {.axis = 1}));
  EXPECT_HERE(slice(x, {n, 0}, {1, 1}));
  EXPECT_HERE(strided_slice(x, {n}, {3}));
  EXPECT_HERE(pad(w, {{1, 1}}, {.constant_values = 2}));
  EXPECT_HERE(tile(w, {n}));
  EXPECT_HERE(gather(w, {0, 1}));
  EXPECT_HERE(one_hot({1, 2}, n));
  EXPECT_HERE(where(less(x, 0), x, x));
  EXPECT_HERE(where(less(x, 0)));
  EXPECT_HERE(boolean_mask(x, less(w, 0), {.axis = 1}));
  EXPECT_HERE(identity(w));
  EXPECT_HERE(tuple({x, x}));
  EXPECT_HERE(group({x, w}));
  EXPECT_HERE(no_op());
  EXPECT_HERE(random_uniform({n}));
  EXPECT_HERE(random_normal({2, 2}));
  EXPECT_HERE(truncated_normal(shape(w), {.mean = w.value()[0]}));
  EXPECT_HERE(placeholder_with_default(w, {4}));
}

TEST_P(MadeAtTest, OfNetworks) {
  EXPECT_HERE(const Output x = placeholder(float32, {-1, 4}));
  EXPECT_HERE(const Output labels = placeholder(int32, {-1}));
  EXPECT_HERE(const Output image = placeholder(float32, {-1, 8, 8, 3}));
  EXPECT_HERE(const Variable w = get_variable("w", {.shape = {4}}));
  EXPECT_HERE(nn::relu(w));
  EXPECT_HERE(nn::bias_add(x, w));
  EXPECT_HERE(nn::softmax(w));
  EXPECT_HERE(nn::softmax(x, {.axis = 0}));
  EXPECT_HERE(nn::softmax_cross_entropy_with_logits({.labels = x, .logits = x}));
  EXPECT_HERE(nn::sparse_softmax_cross_entropy_with_logits({.labels = labels, .logits = x}));
  EXPECT_HERE(nn::sigmoid_cross_entropy_with_logits({.labels = x, .logits = x}));
  EXPECT_HERE(nn::moments(x, {0}));
  EXPECT_HERE(nn::batch_normalization(x, w, w, {.offset = w, .scale = w}));
  EXPECT_HERE(nn::dropout(x, {.rate = 0.5}));
  EXPECT_HERE(nn::embedding_lookup({w, w}, {1}));
  EXPECT_HERE(nn::embedding_lookup({w, w}, labels, {.partition_strategy = "div"}));
  EXPECT_HERE(nn::l2_loss(w));
  EXPECT_HERE(const Output pooled = nn::max_pool(image));
  EXPECT_HERE(gradients({pooled}, {image}));
  EXPECT_HERE(const Output averaged = nn::avg_pool(image));
  EXPECT_HERE(gradients({averaged}, {image}));
  EXPECT_HERE(nn::conv2d(image, zeros({2, 2, 3, 5})));
  EXPECT_HERE(nn::conv2d_backprop_input({8, 8, 8, 3}, ones({2, 2, 3, 5}), ones({8, 8, 8, 5})));
  EXPECT_HERE(nn::conv2d_backprop_filter(image, {2, 2, 3, 5}, ones({8, 8, 8, 5})));
}

TEST_P(MadeAtTest, OfVariables) {
  EXPECT_HERE(const Variable w = get_variable("w", {.shape = {4, 2}}));
  EXPECT_HERE(const Variable v(Tensor({1.0f, 2.0f, 3.0f})));
  EXPECT_HERE(get_variable("u", {.initializer = w}));
  EXPECT_HERE(get_variable("t", {.shape = {4, 4}, .initializer = orthogonal_initializer}));
  EXPECT_HERE(get_variable("r", {.shape = {4}, .regularizer = l2_regularizer(0.5)}));
  EXPECT_HERE(losses::get_regularization_loss());
  EXPECT_HERE(losses::get_total_loss());
  EXPECT_HERE(w.read_value());
  EXPECT_HERE(w.initialized_value());
  EXPECT_HERE(w.is_initialized());
  EXPECT_HERE(v.assign({1, 2, 3}));
  EXPECT_HERE(v.assign_add({1, 2, 3}));
  EXPECT_HERE(v.scatter_update({0}, {2.0f}));
  EXPECT_HERE(zeros_initializer()({2}));
  EXPECT_HERE(global_variables_initializer());
  EXPECT_HERE(report_uninitialized_variables());
  EXPECT_HERE(assert_variables_initialized());
  EXPECT_HERE(is_variable_initialized(w));
  EXPECT_HERE(train::get_or_create_global_step());
  const GetVariableOptions halves = {.shape = {4, 2}, .partitioner = fixed_size_partitioner(2)};
  EXPECT_HERE(const Variable p = get_variable("p", halves));
  EXPECT_HERE(p.as_tensor());
  EXPECT_HERE(p + 1.0f);
  EXPECT_HERE(p.assign(zeros({4, 2})));
  EXPECT_HERE(p.scatter_add({3, 0}, ones({2, 2})));
  EXPECT_HERE(nn::embedding_lookup(p, {3}));
}

TEST_P(MadeAtTest, OfTraining) {
  EXPECT_HERE(const Variable w = get_variable("w", {.shape = {4}}));
  EXPECT_HERE(const Variable rate = get_variable("rate", {.initializer = 1.0f}));
  EXPECT_HERE(const Output loss = reduce_sum(gather(w, {0, 1}) * reduce_sum(w * w)));
  EXPECT_HERE(gradients({loss}, {w}));
  EXPECT_HERE(gradients({loss}, {w}, {.unconnected_gradients = UnconnectedGradients::ZERO}));
  EXPECT_HERE(train::AdamOptimizer({.learning_rate = rate}).minimize(loss));
  EXPECT_HERE(train::MomentumOptimizer({.learning_rate = 1, .momentum = 1}).minimize(loss));
  EXPECT_HERE(train::AdagradOptimizer({.learning_rate = 1}).minimize(loss));
  EXPECT_HERE(train::AdadeltaOptimizer().minimize(loss));
  EXPECT_HERE(train::RMSPropOptimizer({.learning_rate = 1, .centered = true}).minimize(loss));
  EXPECT_HERE(train::FtrlOptimizer({.learning_rate = 1}).minimize(loss));
  EXPECT_HERE(train::GradientDescentOptimizer sgd({.learning_rate = 1}); sgd.minimize(loss));
  EXPECT_HERE(const auto pairs = sgd.compute_gradients(loss));
  EXPECT_HERE(sgd.apply_gradients(pairs));
  EXPECT_HERE(train::ExponentialMovingAverage({.decay = 0.9}).apply());
  train::ExponentialMovingAverage of_tensors({.decay = 0.9, .zero_debias = true});
  EXPECT_HERE(of_tensors.apply({loss}));
  EXPECT_HERE(const Output step = constant(1));
  EXPECT_HERE(train::exponential_decay(0.1f, step, {.decay_steps = 3, .decay_rate = 0.5f}));
  EXPECT_HERE(train::natural_exp_decay(0.1f, step, {.decay_steps = 3, .decay_rate = 0.5f}));
  EXPECT_HERE(train::inverse_time_decay(0.1f, step, {.decay_steps = 3, .decay_rate = 0.5f}));
  EXPECT_HERE(train::polynomial_decay(0.1f, step, {.decay_steps = 3, .cycle = true}));
  EXPECT_HERE(train::cosine_decay(0.1f, step, {.decay_steps = 3}));
  EXPECT_HERE(train::piecewise_constant(step, {.boundaries = {3}, .values = {1, 2}}));
}

// A function of the program's that the library calls has lines of its own.
TEST_P(MadeAtTest, OfTheProgramsOwnFunctionsIsInThem) {
  const auto line_of = [&](const char* type) {
    int line = 0;
    for (const Operation& op : graph_.operations()) {
      if (op.type() == type) line = op.made_at().line;
    }
    return line;
  };
  const int initializer = __LINE__ + 1;
  const auto start = [](const Shape&, DType) { return tanh(Tensor({1.0f, 2.0f})); };
  const int regularizer = __LINE__ + 1;
  const auto regularize = [](const Variable& v) { return reduce_sum(sin(v)); };
  const int constraint = __LINE__ + 1;
  const auto constrain = [](const Output& value) { return cos(value); };
  const Variable w = get_variable(
      "w",
      {.shape = {2}, .initializer = start, .regularizer = regularize, .constraint = constrain});
  train::GradientDescentOptimizer({.learning_rate = 1}).minimize(reduce_sum(w * w));
  EXPECT_EQ(line_of("Tanh"), initializer);
  EXPECT_EQ(line_of("Sin"), regularizer);
  EXPECT_EQ(line_of("Cos"), constraint);
}

// Compilers differ on the line of a macro that covers several: statements under test take one.
TEST_P(MadeAtTest, ErrorsOfRunsNameTheLine) {
  const auto here = [](int line) { return std::string(__FILE__) + ":" + std::to_string(line); };
  Session session;
  const Output id = placeholder_with_default(constant({9}), {1});
  const Output logits = ones({1, 3});
  const Output x = constant({1.0f, 2.0f});
  const Output found = nn::embedding_lookup({ones({2, 1}), ones({2, 1})}, id);
  EXPECT_ERROR(session.run(found), InvalidArgumentError, index_out_of_range, here(__LINE__ - 1));
  const Output loss =
      nn::sparse_softmax_cross_entropy_with_logits({.labels = id, .logits = logits});
  EXPECT_ERROR(session.run(loss), InvalidArgumentError, bad_argument, here(__LINE__ - 1));
  const Output start = constant({1.0f, 2.0f, 3.0f}), y = square(x);
  const GradientsOptions wrong = {.grad_ys = {start}};
  EXPECT_ERROR(gradients({y}, {x}, wrong), ValueError, shape_incompatible, here(__LINE__));
}

TEST_P(MadeAtTest, ErrorsBeforeAnythingIsMadeNameTheLine) {
  const auto here = [](int line) {
    return std::string("asked for at ") + __FILE__ + ":" + std::to_string(line);
  };
  const Output x = ones({2, 3});
  const auto mask = [&] { return boolean_mask(x, {true, false, true}); };
  EXPECT_ERROR(mask(), ValueError, shape_incompatible, here(__LINE__ - 1));
  const nn::SparseCrossEntropyOptions three = {.labels = zeros({3}, int32), .logits = x};
  const auto sparse = [&] { return nn::sparse_softmax_cross_entropy_with_logits(three); };
  EXPECT_ERROR(sparse(), ValueError, shape_incompatible, here(__LINE__ - 1));
  const auto sigmoid = [&] { return nn::sigmoid_cross_entropy_with_logits({.logits = x}); };
  EXPECT_ERROR(sigmoid(), ValueError, bad_argument, here(__LINE__ - 1));
  graph_.finalize();
  EXPECT_ERROR(x + 1.0f, RuntimeError, bad_argument, here(__LINE__));
}

TEST_P(MadeAtTest, AnIdBeyondADividedTableFailsInItsLastPart) {
  const Output table = ones({3, 1}), rest = ones({2, 1});
  Session session;
  for (const int id : {-1, 5, 100}) {
    const Output found = nn::embedding_lookup({table, rest}, placeholder_with_default({id}, {1}),
                                              {.partition_strategy = "div"});
    EXPECT_ERROR(session.run(found), InvalidArgumentError, index_out_of_range, "GatherV2");
  }
}

TEST_P(MadeAtTest, AnOptimizersErrorUnderReuseNamesTheLine) {
  const Variable w = get_variable("w", {.shape = {1}});
  const Output loss = reduce_sum(square(w));
  get_variable_scope().reuse_variables();
  const std::string here = std::string("Asked for at ") + __FILE__ + ":";
  const auto line = std::to_string(__LINE__ + 1);
  EXPECT_ERROR(train::AdamOptimizer().minimize(loss), ValueError, does_not_exist, here + line);
}

}  // namespace
}  // namespace tenon::test
