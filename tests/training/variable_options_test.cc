// A Variable given in options is read where the operation is made, after what control dependencies
// in force there wait for: as TensorFlow converts it then.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tenon/tenon.h"

namespace tenon::test {
namespace {

class VariableOptionsTest : public ::testing::Test {
 protected:
  Variable scalar(const char* name, float value) {
    return get_variable(name, {.initializer = value, .trainable = false, .use_resource = true});
  }

  // Runs what `make` answers, made after `variable` was assigned; answers what `watched` is then.
  template <typename Make>
  float after_assigning(const Variable& variable, float value, const Make& make,
                        const Variable& watched) {
    Operation made;
    {
      auto after = control_dependencies({variable.assign(value)});
      made = make();
    }
    Session session;
    session.run(global_variables_initializer());
    session.run(made);
    return session.run(watched).scalar<float>();
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
};

TEST_F(VariableOptionsTest, WritingOptionsAddsNothingToTheGraph) {
  const Variable v = scalar("v", 1);
  const size_t before = graph_.operations().size();
  [[maybe_unused]] const train::GradientDescentOptimizer sgd({.learning_rate = v});
  [[maybe_unused]] const train::MomentumOptimizer momentum({.learning_rate = v, .momentum = v});
  [[maybe_unused]] const train::AdamOptimizer adam({v, v, v, v});
  [[maybe_unused]] const train::AdagradOptimizer adagrad({.learning_rate = v});
  [[maybe_unused]] const train::AdadeltaOptimizer adadelta({v, v, v});
  [[maybe_unused]] const train::RMSPropOptimizer rms({v, v, v, v});
  [[maybe_unused]] const train::FtrlOptimizer ftrl({.learning_rate = v});
  [[maybe_unused]] const train::ExponentialMovingAverage average({.decay = v, .num_updates = v});
  [[maybe_unused]] const train::ExponentialDecayOptions decay{.decay_steps = v, .decay_rate = v};
  [[maybe_unused]] const train::PolynomialDecayOptions polynomial{v, v, v};
  [[maybe_unused]] const train::PiecewiseConstantOptions pieces{.boundaries = {v},
                                                                .values = {v, v}};
  [[maybe_unused]] const GradientsOptions gradients{.grad_ys = {v}, .stop_gradients = {v}};
  [[maybe_unused]] const train::MinimizeOptions minimize{.grad_loss = v};
  [[maybe_unused]] const OneHotOptions one_hot{.on_value = v, .off_value = v};
  [[maybe_unused]] const PadOptions pad{.constant_values = v};
  [[maybe_unused]] const RandomUniformOptions uniform{.minval = v, .maxval = v};
  [[maybe_unused]] const RandomNormalOptions normal{.mean = v, .stddev = v};
  [[maybe_unused]] const nn::BatchNormalizationOptions batch{v, v, v};
  [[maybe_unused]] const nn::CrossEntropyOptions entropy{.labels = v, .logits = v};
  [[maybe_unused]] const ClipByGlobalNormOptions clip{.use_norm = v};
  [[maybe_unused]] const GetVariableOptions get{.initializer = v};
  [[maybe_unused]] const InitialValue initial(v);
  [[maybe_unused]] const VariableScopeOptions scope{.values = {v}};
  [[maybe_unused]] const Integers sizes(v), packed({v, 2});
  [[maybe_unused]] const Inputs list = {v, 1.0f};
  [[maybe_unused]] const internal::GraphOperand operand(v);
  EXPECT_EQ(graph_.operations().size(), before);
}

TEST_F(VariableOptionsTest, AnOptimizerReadsItsLearningRateWhereItsUpdateIsMade) {
  const Variable w = get_variable("w", {.initializer = 0.0f, .use_resource = true});
  const Variable rate = scalar("rate", 1);
  train::GradientDescentOptimizer optimizer({.learning_rate = rate});
  const Output loss = -1.0f * w;
  EXPECT_EQ(after_assigning(
                rate, 0.25f, [&] { return optimizer.minimize(loss); }, w),
            0.25f);
}

TEST_F(VariableOptionsTest, AnOptimizerReadsItAgainForEachUpdate) {
  const Variable w = get_variable("w", {.initializer = 0.0f, .use_resource = true});
  const Variable rate = scalar("rate", 1);
  train::GradientDescentOptimizer optimizer({.learning_rate = rate});
  const Output loss = -1.0f * w;
  const Operation first = optimizer.minimize(loss);
  Operation second;
  {
    auto after = control_dependencies({rate.assign(0.5f)});
    second = optimizer.minimize(loss);
  }
  Session session;
  session.run(global_variables_initializer());
  session.run(first);
  EXPECT_EQ(session.run(w).scalar<float>(), 1.0f);
  session.run(second);
  EXPECT_EQ(session.run(w).scalar<float>(), 1.5f);
}

TEST_F(VariableOptionsTest, AnAverageReadsItsDecayAndItsUpdatesWhereItIsApplied) {
  for (const bool counts : {false, true}) {
    SCOPED_TRACE(counts);
    const Graph graph;
    auto as_default = graph.as_default();
    const Variable w = get_variable("w", {.initializer = 8.0f, .use_resource = true});
    const Variable v = scalar("v", counts ? 1000.0f : 1.0f);
    train::ExponentialMovingAverageOptions options{.decay = 1.0f};
    if (counts) {
      options.num_updates = v;
    } else {
      options.decay = v;
    }
    train::ExponentialMovingAverage average(options);
    Operation apply;
    {
      // The average keeps half of itself: (1 + 8) / (10 + 8) of eight updates.
      auto after = control_dependencies({v.assign(counts ? 8.0f : 0.5f)});
      apply = average.apply({w});
    }
    Session session;
    session.run(global_variables_initializer());
    session.run(w.assign(0.0f));
    session.run(apply);
    EXPECT_EQ(session.run(average.average(w)).scalar<float>(), 4.0f);
  }
}

TEST_F(VariableOptionsTest, OperandsAndArgumentsAreReadAfterControlDependencies) {
  const Variable v = scalar("v", 1);
  Variable sum = scalar("sum", 0);
  const Inputs list = {v, v};
  const Input kept = v;
  const GradientsOptions options{.grad_ys = {v}};
  const Output x = constant(1.0f), y = x * 1.0f;
  const auto add_up = [&] {
    const Output all =
        add_n({v * 1.0f, 1.0f * v, v - 0.0f, add_n(list), square(kept), stack(list)[1],
               gradients({y}, {x}, options)[0], pad({0.0f}, {{0, 1}}, {.constant_values = v})[1]});
    return sum.assign(all).op();
  };
  EXPECT_EQ(after_assigning(v, 2.0f, add_up, sum), 2 + 2 + 2 + 4 + 4 + 2 + 2 + 2);
}

TEST_F(VariableOptionsTest, AnInitialValueIsReadWhereTheVariableIsMade) {
  const Variable first = scalar("first", 3);
  const GetVariableOptions options{.initializer = first};
  const Variable second = get_variable("second", options);
  EXPECT_EQ(second.shape(), Shape{});
  Session session;
  session.run(first.initializer());
  session.run(first.assign_add(1.0f));
  session.run(second.initializer());
  EXPECT_EQ(session.run(second).scalar<float>(), 4.0f);
}

TEST_F(VariableOptionsTest, AReadIsMadeAtTheLineOfItsUse) {
  const Variable v = scalar("v", 1);
  const auto last_read = [&] {
    std::optional<Operation> read;
    for (const Operation& op : graph_.operations()) {
      if (op.type() == "ReadVariableOp") read = op;
    }
    return read->made_at().line;
  };
  train::GradientDescentOptimizer optimizer({.learning_rate = v});
  const Variable w = get_variable("w", {.initializer = 0.0f, .use_resource = true});
  const Output loss = 2.0f * w.value();
  optimizer.minimize(loss);
  EXPECT_EQ(last_read(), __LINE__ - 1);
  v + 1.0f;
  EXPECT_EQ(last_read(), __LINE__ - 1);
  const Inputs list = {v, v};
  add_n(list);
  EXPECT_EQ(last_read(), __LINE__ - 2);
}

TEST_F(VariableOptionsTest, AnOperationThatFailsTakesItsReadsBack) {
  const Variable v = scalar("v", 1);
  const size_t before = graph_.operations().size();
  EXPECT_THROW(add(v, constant(1)), TypeError);
  EXPECT_EQ(graph_.operations().size(), before + 1);  // the constant
}

}  // namespace
}  // namespace tenon::test
