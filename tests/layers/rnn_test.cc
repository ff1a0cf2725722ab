// Cells and networks of them against TensorFlow 2.21's numbers and names.
#include "tenon/rnn.h"

#include <memory>

#include "tenon/control_flow.h"
#include "tenon/gradients.h"
#include "tenon/math_ops.h"
#include "tests/layers/layers_testing.h"
#include "tests/testing/errors.h"

namespace tenon::testing {
namespace {

using ::testing::ElementsAre;

class RnnTest : public LayersTest {
 protected:
  RnnTest() { get_variable_scope().set_initializer(kernel_); }

  static void flatten_into(const nn::State& state, std::vector<Output>& to) {
    if (!state.is_list()) return to.push_back(state);
    for (const nn::State& part : state.parts()) flatten_into(part, to);
  }
  // The values of an output and of the tensors of a state.
  static void expect_values(const Output& output, const nn::State& state,
                            const std::vector<Numbers>& wanted) {
    std::vector<Output> all = {output};
    flatten_into(state, all);
    ASSERT_EQ(all.size(), wanted.size());
    for (size_t i = 0; i < all.size(); ++i) expect_value(all[i], wanted[i]);
  }
  // Two steps of two examples.
  void expect_steps(nn::RNNCell& cell, const std::vector<Numbers>& wanted) {
    const nn::StaticRnnResult result =
        nn::static_rnn(cell, {x({2, 3}, 0), x({2, 3})}, {.dtype = float32});
    expect_values(result.outputs.back(), result.state, wanted);
  }
};

TEST_F(RnnTest, BasicRNNCell) {
  nn::BasicRNNCell cell({.num_units = 2});
  const Numbers h = {-0.48004696, -0.41254491, 0.6303727, 0.5400492};
  expect_steps(cell, {h, h});
  EXPECT_THAT(names(), ElementsAre("rnn/basic_rnn_cell/kernel:0", "rnn/basic_rnn_cell/bias:0"));
}

TEST_F(RnnTest, GRUCell) {
  nn::GRUCell cell({.num_units = 2});
  const Numbers h = {-0.19548562, -0.15762848, 0.13778034, 0.22370276};
  expect_steps(cell, {h, h});
  EXPECT_THAT(names(),
              ElementsAre("rnn/gru_cell/gates/kernel:0", "rnn/gru_cell/gates/bias:0",
                          "rnn/gru_cell/candidate/kernel:0", "rnn/gru_cell/candidate/bias:0"));
}

TEST_F(RnnTest, BasicLSTMCell) {
  nn::BasicLSTMCell cell({.num_units = 2, .forget_bias = 0.5});
  const Numbers h = {0.051957373, 0.11317177, -0.049531002, -0.2243471};
  expect_steps(cell, {h, {0.12559354, 0.24048516, -0.079935722, -0.4157781}, h});
}

TEST_F(RnnTest, BasicLSTMCellWithOneTensorForItsState) {
  nn::BasicLSTMCell cell({.num_units = 2, .state_is_tuple = false});
  expect_steps(cell, {{0.05525855, 0.12133146, -0.053102706, -0.23543312},
                      {0.13366577, 0.25857931, 0.05525855, 0.12133146, -0.085727245, -0.4389888,
                       -0.053102706, -0.23543312}});
}

TEST_F(RnnTest, LSTMCellWithPeepholesProjectionAndClips) {
  nn::LSTMCell cell(
      {.num_units = 2, .use_peepholes = true, .cell_clip = 0.3, .num_proj = 1, .proj_clip = 0.2});
  const Numbers h = {0.086511783, -0.096097708};
  expect_steps(cell, {h, {0.13314354, 0.25096869, -0.074959964, -0.30000001}, h});
  EXPECT_THAT(names(),
              ElementsAre("rnn/lstm_cell/kernel:0", "rnn/lstm_cell/bias:0",
                          "rnn/lstm_cell/w_f_diag:0", "rnn/lstm_cell/w_i_diag:0",
                          "rnn/lstm_cell/w_o_diag:0", "rnn/lstm_cell/projection/kernel:0"));
}

TEST_F(RnnTest, MultiRNNCell) {
  nn::MultiRNNCell cell(
      {std::make_shared<nn::GRUCell>(nn::GRUCellOptions{.num_units = 2}),
       std::make_shared<nn::BasicRNNCell>(nn::BasicRNNCellOptions{.num_units = 1})});
  const Numbers h = {-0.15334196, 0.18626665};
  expect_steps(cell, {h, {-0.19548562, -0.15762848, 0.13778034, 0.22370276}, h});
  EXPECT_EQ(names().front(), "rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel:0");
  EXPECT_EQ(names().back(), "rnn/multi_rnn_cell/cell_1/basic_rnn_cell/bias:0");
}

TEST_F(RnnTest, Wrappers) {
  const auto inner = [] {
    return std::make_shared<nn::BasicRNNCell>(nn::BasicRNNCellOptions{.num_units = 3});
  };
  nn::ResidualWrapper residual(inner());
  expect_steps(residual,
               {{0.28947854, 0.938254, 1.0092807, 0.72873467, 0.32557309, -0.28539386},
                {0.18964513, 0.2208979, 0.011785706, -0.079761729, 0.086323746, 0.15712658}});
  EXPECT_EQ(names().front(), "rnn/basic_rnn_cell/kernel:0");
  nn::DropoutWrapper dropout(inner(), {.output_keep_prob = 0.5, .seed = 3});
  const Output dropped =
      nn::static_rnn(dropout, {ones({50, 3})}, {.dtype = float32, .scope = "d"}).outputs[0];
  Session session;
  session.run(global_variables_initializer());
  const Output zero_count = reduce_sum(cast(equal(dropped, 0.0f), int32));
  EXPECT_NEAR(session.run(zero_count).scalar<int32_t>(), 75, 35);
}

TEST_F(RnnTest, DynamicStopsAtEachExamplesLength) {
  nn::GRUCell cell({.num_units = 2});
  const nn::RnnResult result =
      nn::dynamic_rnn(cell, x({2, 3, 2}), {.sequence_length = constant({1, 3}), .dtype = float32});
  expect_values(result.outputs, result.state,
                {{0.058201574, -0.025865898, 0, 0, 0, 0, -0.19456626, -0.094344504, -0.13994618,
                  -0.1480976, -0.045996025, -0.098418199},
                 {0.058201574, -0.025865898, -0.045996025, -0.098418199}});
}

TEST_F(RnnTest, DynamicLoopsOverStepsThatOnlyTheRunKnows) {
  nn::BasicLSTMCell cell({.num_units = 2});
  const Tensor values = wave_tensor({2, 3, 2}, 0.1, 0.7);
  const Output fed = placeholder(float32, {-1, -1, 2}), lengths = constant({1, 3});
  const auto read = [&](const Output& inputs) {
    return nn::dynamic_rnn(cell, inputs, {.sequence_length = lengths, .dtype = float32});
  };
  const Output known = constant(values);
  const nn::RnnResult looped = read(fed), unrolled = read(known);
  EXPECT_EQ(looped.outputs.shape(), (Shape{-1, -1, 2}));
  EXPECT_EQ(names().size(), 2U);
  const auto all_of = [&](const nn::RnnResult& result, const Output& inputs) {
    std::vector<Output> all = {result.outputs, result.state[0], result.state[1]};
    const Output loss = reduce_sum(square(result.outputs)) + reduce_sum(result.state[0].value());
    for (const Output& gradient : gradients({loss}, global_variables())) all.push_back(gradient);
    all.push_back(gradients({loss}, {inputs})[0]);
    all.push_back(gradients({result.outputs[1]}, {inputs})[0]);
    all.push_back(gradients({result.state[1].value()}, {inputs})[0]);
    return all;
  };
  Session session;
  session.run(global_variables_initializer());
  const std::vector<Output> by_loop = all_of(looped, fed), by_steps = all_of(unrolled, known);
  for (size_t i = 0; i < by_loop.size(); ++i) {
    expect_near(session.run(by_loop[i], {{fed, values}}), numbers(session.run(by_steps[i])), 1e-6);
  }
  const Tensor none = Tensor::from<float>(std::vector<float>{}, {2, 0, 2});
  EXPECT_EQ(session.run(looped.outputs, {{fed, none}}).shape(), (Shape{2, 0, 2}));
}

TEST_F(RnnTest, NoRoundOfALoopTakesAllStepsOfTheOutputs) {
  nn::GRUCell cell({.num_units = 2});
  const Output fed = placeholder(float32, {-1, -1, 3});
  const nn::RnnResult result = nn::dynamic_rnn(cell, fed, {.dtype = float32});
  gradients({result.outputs}, {fed});
  int loops = 0;
  for (const Operation& op : graph_.operations()) {
    if (op.type() != "While") continue;
    ++loops;
    for (int i = 0; i < op.output_count(); ++i) EXPECT_LT(op.output(i).shape().rank(), 3);
  }
  EXPECT_EQ(loops, 2);
}

TEST_F(RnnTest, DynamicMayStandInABranchOrInALoop) {
  nn::BasicRNNCell cell({.num_units = 2});
  const Output fed = placeholder(float32, {-1, -1, 2}), taken = placeholder(bool_, {});
  const auto read = [&](const Output& inputs) {
    return nn::dynamic_rnn(cell, inputs, {.dtype = float32}).outputs;
  };
  const Output plain = read(fed);
  const auto scope = variable_scope(get_variable_scope(), {.reuse = true});
  const Output branch = cond(
      taken, [&]() -> Returned { return read(fed); }, [&]() -> Returned { return fed * 3.0F; })[0];
  const Output twice =
      while_loop([](const std::vector<Output>& now) -> Input { return now[0] < 2; },
                 [&](const std::vector<Output>& now) -> Returned {
                   return {now[0] + 1, read(now[1])};
                 },
                 {constant(0), fed}, {.shape_invariants = {{}, {-1, -1, 2}}})[1];
  const Output plain_twice = read(plain);
  const Feeds feeds = {{fed, wave_tensor({2, 3, 2}, 0.1, 0.7)}, {taken, Tensor(true)}};
  Session session;
  session.run(global_variables_initializer());
  const auto expect_same = [&](const Output& one, const Output& other) {
    expect_near(session.run(one, feeds), numbers(session.run(other, feeds)), 1e-6);
    expect_near(session.run(gradients({one}, {fed})[0], feeds),
                numbers(session.run(gradients({other}, {fed})[0], feeds)), 1e-6);
  };
  expect_same(branch, plain);
  expect_same(twice, plain_twice);
}

TEST_F(RnnTest, ALoopsGradientHasNone) {
  nn::BasicRNNCell cell({.num_units = 2});
  const Output fed = placeholder(float32, {-1, -1, 2}), dy = placeholder(float32, {-1, -1, 2});
  const Output y = nn::dynamic_rnn(cell, fed, {.dtype = float32}).outputs;
  const Output by_inputs = gradients({y}, {fed}, {.grad_ys = {dy}})[0];
  EXPECT_ERROR(gradients({by_inputs}, {fed}), UnimplementedError, no_gradient,
               "Second-order gradients of while loops are not supported");
  EXPECT_ERROR(gradients({by_inputs}, {dy}), UnimplementedError, no_gradient,
               "Second-order gradients of while loops are not supported");
}

TEST_F(RnnTest, BidirectionalDynamic) {
  nn::GRUCell fw({.num_units = 1});
  nn::BasicRNNCell bw({.num_units = 2});
  const nn::BidirectionalRnnResult result = nn::bidirectional_dynamic_rnn(
      fw, bw, x({2, 3, 2}), {.dtype = float32, .sequence_length = constant({2, 3})});
  expect_values(result.outputs_fw, result.state_fw,
                {{0.12270768, 0.221288, 0, -0.20484723, -0.16452068, 0.0075018108},
                 {0.221288, 0.0075018108}});
  expect_values(result.outputs_bw, result.state_bw,
                {{0.13729639, -0.040145114, 0.43592244, 0.35846463, 0, 0, -0.44296995, -0.4065626,
                  -0.26381767, -0.36712891, 0.4524807, 0.1643867},
                 {0.13729639, -0.040145114, -0.44296995, -0.4065626}});
  EXPECT_EQ(names().front(), "bidirectional_rnn/fw/gru_cell/gates/kernel:0");
  EXPECT_EQ(names().back(), "bidirectional_rnn/bw/basic_rnn_cell/bias:0");
}

TEST_F(RnnTest, BidirectionalStatic) {
  nn::GRUCell fw({.num_units = 1});
  nn::BasicRNNCell bw({.num_units = 2});
  const nn::StaticBidirectionalRnnResult result =
      nn::static_bidirectional_rnn(fw, bw, {x({2, 2}, 0), x({2, 2}), x({2, 2}, 0.2)},
                                   {.dtype = float32, .sequence_length = constant({2, 3})});
  expect_value(result.outputs[0],
               {0.11045384, 0.024853017, -0.31265417, 0.12212226, 0.41356272, 0.48218107});
  expect_value(result.outputs[1],
               {0.21001881, 0.26854238, -0.13068663, 0.2207891, 0.33311021, 0.44676498});
  expect_value(result.outputs[2], {0, 0, 0, 0.29832429, 0.41778594, 0.37396413});
  expect_value(result.state_fw, {0.21001881, 0.29832429});
  expect_value(result.state_bw, {0.024853017, -0.31265417, 0.41356272, 0.48218107});
}

TEST_F(RnnTest, TimeMayComeFirstAndTheStateFromElsewhere) {
  nn::GRUCell cell({.num_units = 2});
  const Output inputs = x({2, 3, 2});
  const nn::State state = ones({2, 2});
  const nn::RnnResult by_examples = nn::dynamic_rnn(cell, inputs, {.initial_state = state});
  const nn::RnnResult by_time =
      nn::dynamic_rnn(cell, transpose(inputs, std::vector<int64_t>{1, 0, 2}),
                      {.initial_state = state, .time_major = true});
  EXPECT_EQ(by_time.outputs.shape(), (Shape{3, 2, 2}));
  Session session;
  session.run(global_variables_initializer());
  expect_near(session.run(by_time.state.value()), numbers(session.run(by_examples.state.value())),
              0);
  EXPECT_EQ(names().size(), 4U);  // a cell that is called again shares
  for (const Output& gradient : gradients({reduce_sum(by_time.outputs)}, global_variables())) {
    EXPECT_TRUE(gradient);
  }
}

TEST_F(RnnTest, RefusesWhatDoesntFit) {
  nn::GRUCell cell({.num_units = 2});
  EXPECT_ERROR(nn::dynamic_rnn(cell, x({2, 3, 2})), ValueError, bad_argument, "`dtype` must be");
  EXPECT_ERROR(nn::dynamic_rnn(cell, x({2, 3}), {.dtype = float32}), ValueError, shape_incompatible,
               "must have rank at least 3");
  EXPECT_ERROR(
      nn::dynamic_rnn(cell, x({2, 3, 2}), {.sequence_length = constant(2), .dtype = float32}),
      ValueError, shape_incompatible, "must be a vector of length batch_size");
  EXPECT_ERROR(nn::static_rnn(cell, {}, {.dtype = float32}), ValueError, bad_argument,
               "must not be empty");
  EXPECT_ERROR(nn::static_rnn(cell, {x({2, 3}), x({3, 3})}, {.dtype = float32}), ValueError,
               shape_incompatible, "of 2 and of 3 examples");
  EXPECT_ERROR(nn::MultiRNNCell({}), ValueError, bad_argument, "at least one cell");
  EXPECT_ERROR(nn::DropoutWrapper(std::make_shared<nn::GRUCell>(nn::GRUCellOptions{2}),
                                  {.input_keep_prob = 1.5}),
               ValueError, bad_argument, "input_keep_prob must be between 0 and 1");
  nn::GRUCell other({.num_units = 2});
  nn::dynamic_rnn(cell, x({2, 3, 2}), {.dtype = float32});
  EXPECT_ERROR(nn::dynamic_rnn(other, x({2, 3, 2}), {.dtype = float32}), ValueError, already_exists,
               "rnn/gru_cell/gates/kernel");
  EXPECT_ERROR(nn::State({x({2, 3}), x({2, 3})})[2], ValueError, bad_argument,
               "has 2 parts; there is no part 2");
  EXPECT_ERROR(nn::State(x({2, 3}))[0], ValueError, bad_argument, "has 0 parts");
}

}  // namespace
}  // namespace tenon::testing
