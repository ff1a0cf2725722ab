// What optimizers refuse; the graph stays as it was.
#include <string>
#include <vector>

#include "tests/training/optimizer_testing.h"

namespace {

using namespace tenon;  // NOLINT(google-build-using-namespace)
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using train::AdamOptimizer;
using train::GradientDescentOptimizer;
using train::MomentumOptimizer;

class OptimizerErrorTest : public OptimizerTest {
 protected:
  template <typename E>
  std::string refusal(ErrorKind kind, const std::function<void()>& call) {
    const size_t variables = global_variables().size();
    const size_t train_ops = get_collection<Operation>(GraphKeys::TRAIN_OP).size();
    const std::string text = message<E>(kind, call);
    EXPECT_EQ(global_variables().size(), variables);
    EXPECT_EQ(get_collection<Operation>(GraphKeys::TRAIN_OP).size(), train_ops);
    return text;
  }
  AdamOptimizer adam_;
};

TEST_F(OptimizerErrorTest, RefusesToTrainNothing) {
  const Output loss = constant(1.0f);
  EXPECT_THAT(refusal<ValueError>(ErrorKind::no_gradient, [&] { adam_.minimize(loss); }),
              HasSubstr("No variables to optimize"));
  const Square square;
  EXPECT_THAT(refusal<ValueError>(
                  ErrorKind::no_gradient,
                  [&] { adam_.minimize(square.loss, {.var_list = std::vector<Variable>{}}); }),
              HasSubstr("No variables to optimize"));
}

TEST_F(OptimizerErrorTest, RefusesALossThatDependsOnNoVariable) {
  const Square square;
  const Output loss = placeholder(float32, {}, {.name = "other"});
  const std::string text =
      refusal<ValueError>(ErrorKind::no_gradient, [&] { adam_.minimize(loss); });
  EXPECT_THAT(text, HasSubstr("No gradients provided for any variable"));
  EXPECT_THAT(text, HasSubstr("w:0"));
  EXPECT_THAT(text, HasSubstr("other:0"));
}

TEST_F(OptimizerErrorTest, RefusesAWayToComputeGradientsThatIsNone) {
  const Square square;
  const auto gating = static_cast<train::GateGradients>(3);
  EXPECT_THAT(refusal<ValueError>(ErrorKind::bad_argument,
                                  [&] { adam_.minimize(square.loss, {.gate_gradients = gating}); }),
              HasSubstr("gate_gradients must be one of"));
  const auto method = static_cast<AggregationMethod>(7);
  EXPECT_THAT(
      refusal<ValueError>(ErrorKind::bad_argument,
                          [&] { adam_.minimize(square.loss, {.aggregation_method = method}); }),
      HasSubstr("Invalid aggregation_method specified: 7"));
}

TEST_F(OptimizerErrorTest, RefusesAccumulatorsThatBeginAtNothing) {
  EXPECT_THAT(refusal<ValueError>(ErrorKind::bad_argument,
                                  [] {
                                    train::AdagradDAOptimizer(
                                        {.learning_rate = 0.1,
                                         .global_step = Tensor(int64_t{0}),
                                         .initial_gradient_squared_accumulator_value = 0});
                                  }),
              HasSubstr("initial_gradient_squared_accumulator_value must be positive: 0"));
  EXPECT_THAT(refusal<ValueError>(ErrorKind::bad_argument,
                                  [] {
                                    train::ProximalAdagradOptimizer(
                                        {.learning_rate = 0.1, .initial_accumulator_value = -0.5});
                                  }),
              HasSubstr("initial_accumulator_value must be positive: -0.5"));
}

TEST_F(OptimizerErrorTest, ProximalMethodsTakeTheirNumbersAsTheyAre) {
  const Variable w = get_variable("w", {.initializer = Tensor({1.0, 2.0})});
  train::ProximalGradientDescentOptimizer proximal({.learning_rate = 0.1});
  EXPECT_THAT(refusal<TypeError>(ErrorKind::dtype_incompatible,
                                 [&] { proximal.minimize(reduce_sum(square(w))); }),
              HasSubstr("float64"));
}

// As in TensorFlow, but for plain descent, which says it at once.
TEST_F(OptimizerErrorTest, AGradientOfAnotherShapeFailsWhenAResourceVariableIsUpdated) {
  const Variable w =
      get_variable("w", {.initializer = Tensor({3.0f, -1.0f}), .use_resource = true});
  const Output gradient = constant({1.0f, 2.0f, 3.0f});
  const Operation step = adam_.apply_gradients({{gradient, w}});
  Session session;
  session.run(global_variables_initializer());
  EXPECT_THAT(
      message<InvalidArgumentError>(ErrorKind::shape_incompatible, [&] { session.run(step); }),
      HasSubstr("Shapes must be equal"));
  EXPECT_THAT(
      message<ValueError>(
          ErrorKind::shape_incompatible,
          [&] {
            GradientDescentOptimizer({.learning_rate = 0.1}).apply_gradients({{gradient, w}});
          }),
      HasSubstr("Shapes must be equal"));
  EXPECT_THAT(message<ValueError>(ErrorKind::shape_incompatible,
                                  [&] {
                                    train::ProximalAdagradOptimizer({.learning_rate = 0.1})
                                        .apply_gradients({{gradient, w}});
                                  }),
              HasSubstr("Shapes must be equal"));
}

TEST_F(OptimizerErrorTest, RefusesPairsWithoutAGradient) {
  const Square square;
  EXPECT_THAT(refusal<ValueError>(ErrorKind::no_gradient, [&] { adam_.apply_gradients({}); }),
              HasSubstr("No variables provided"));
  EXPECT_THAT(refusal<ValueError>(ErrorKind::no_gradient,
                                  [&] {
                                    adam_.apply_gradients({{Output(), square.w}});
                                  }),
              HasSubstr("No gradients provided for any variable: w:0"));
}

TEST_F(OptimizerErrorTest, RefusesALossOfIntegers) {
  const Variable i(Tensor(int32_t{1}), {.name = "i"});
  EXPECT_THAT(refusal<ValueError>(ErrorKind::dtype_incompatible, [&] { adam_.minimize(i); }),
              HasSubstr("Invalid type int32 for i/read:0"));
}

TEST_F(OptimizerErrorTest, RefusesAConstraintBesideGatheredRows) {
  const Variable w =
      get_variable("w", {.shape = {4, 2}, .constraint = [](const Output& value) { return value; }});
  const std::string text = refusal<RuntimeError>(ErrorKind::bad_constraint, [&] {
    adam_.minimize(reduce_sum(gather(w, {0, 1})));
  });
  EXPECT_THAT(text, HasSubstr("Cannot use a constraint function on a sparse variable"));
  EXPECT_THAT(text, HasSubstr("w:0"));
}

TEST_F(OptimizerErrorTest, RefusesAGradientOfAnotherShapeOrDtype) {
  const Square square;
  EXPECT_THAT(
      refusal<ValueError>(ErrorKind::shape_incompatible,
                          [&] {
                            adam_.apply_gradients({{constant({1.0f, 2.0f, 3.0f}), square.w}});
                          }),
      HasSubstr("has shape (3,), its variable w:0 shape (2,)"));
  EXPECT_THAT(
      refusal<TypeError>(ErrorKind::dtype_incompatible,
                         [&] {
                           adam_.apply_gradients({{constant(Tensor({1.0, 2.0})), square.w}});
                         }),
      HasSubstr("is float64, its variable w:0 is float32"));
}

TEST_F(OptimizerErrorTest, SaysThatASlotCantBeMadeUnderReuse) {
  const Square square;
  auto scope = variable_scope("s", {.reuse = true});
  const std::string text = message<ValueError>(ErrorKind::does_not_exist, [&] {
    MomentumOptimizer({.learning_rate = 0.1, .momentum = 0.9}).minimize(square.loss);
  });
  EXPECT_THAT(text, StartsWith("Variable s/w/Momentum/ does not exist, or was not created with "
                               "tf.get_variable()."));
  EXPECT_THAT(text, HasSubstr("It is a slot: what 'Momentum' (an optimizer or a moving average) "
                              "keeps of w, which was made at "));
  EXPECT_THAT(text, HasSubstr("call it outside of the scope that reuses"));
}

TEST_F(OptimizerErrorTest, SaysThatASlotIsThereAlready) {
  const Square square;
  const auto minimize = [&] {
    auto scope = variable_scope("s");
    MomentumOptimizer({.learning_rate = 0.1, .momentum = 0.9}).minimize(square.loss);
  };
  minimize();
  const std::string text = message<ValueError>(ErrorKind::already_exists, minimize);
  EXPECT_THAT(text, StartsWith("Variable s/w/Momentum/ already exists"));
  EXPECT_THAT(text, HasSubstr("It is a slot: what 'Momentum'"));
}

TEST_F(OptimizerErrorTest, RefusesAnEmptyName) {
  EXPECT_THAT(
      refusal<ValueError>(ErrorKind::bad_argument, [] { AdamOptimizer optimizer({.name = ""}); }),
      HasSubstr("Must specify the optimizer name"));
}

TEST_F(OptimizerErrorTest, RefusesNumbersOutOfRange) {
  using train::AdagradOptimizer, train::FtrlOptimizer;
  EXPECT_THAT(message<ValueError>(ErrorKind::bad_argument,
                                  [] {
                                    AdagradOptimizer optimizer(
                                        {.learning_rate = 0.1, .initial_accumulator_value = 0});
                                  }),
              HasSubstr("initial_accumulator_value must be positive: 0"));
  EXPECT_THAT(
      message<ValueError>(
          ErrorKind::bad_argument,
          [] { FtrlOptimizer optimizer({.learning_rate = 0.1, .learning_rate_power = 0.5}); }),
      HasSubstr("learning_rate_power 0.5 needs to be negative or zero"));
  EXPECT_THAT(message<ValueError>(ErrorKind::bad_argument,
                                  [] {
                                    FtrlOptimizer optimizer(
                                        {.learning_rate = 0.1, .l1_regularization_strength = -1});
                                  }),
              HasSubstr("l1_regularization_strength -1 needs to be positive or zero"));
}

TEST_F(OptimizerErrorTest, SlotsMayIgnoreThatTheirScopeReuses) {
  const Square square;
  const Output loss = square.loss;
  const auto scope = variable_scope(get_variable_scope(), {.reuse = true});
  refusal<ValueError>(ErrorKind::does_not_exist, [&] {
    MomentumOptimizer({.learning_rate = 1, .momentum = 1, .name = "A"}).minimize(loss);
  });
  AdamOptimizer optimizer({.name = "B", .slots_ignore_reuse = true});
  const Operation step = optimizer.minimize(loss);
  EXPECT_THAT(names(optimizer.variables()),
              ElementsAre("beta1_power:0", "beta2_power:0", "w/B:0", "w/B_1:0"));
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_NEAR(numbers(session.run(square.w))[0], 2.999, 1e-5);
  // Others of that name are numbered, as ever.
  MomentumOptimizer second(
      {.learning_rate = 1, .momentum = 1, .name = "B", .slots_ignore_reuse = true});
  second.minimize(loss);
  EXPECT_EQ(second.get_slot(square.w, "momentum").name(), "w/B_2:0");
}

}  // namespace
