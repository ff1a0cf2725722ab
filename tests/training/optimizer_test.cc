// What optimizers add to the graph.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/training/optimizer_testing.h"

namespace {

using namespace tenon;  // NOLINT(google-build-using-namespace)
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using train::AdamOptimizer;
using train::GradientDescentOptimizer;
using train::MomentumOptimizer;

TEST_F(OptimizerTest, GradientDescentGoesDownhill) {
  const Square square;
  const Operation step = GradientDescentOptimizer({.learning_rate = 0.25}).minimize(square.loss);
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_THAT(numbers(session.run(square.w)), ElementsAre(1.5f, -0.5f));
  EXPECT_FLOAT_EQ(session.run(square.loss).scalar<float>(), 2.5f);
}

TEST_F(OptimizerTest, TheLossOfAStepIsThatOfBeforeIt) {
  const Square square;
  const Operation step = GradientDescentOptimizer({.learning_rate = 0.25}).minimize(square.loss);
  Session session;
  session.run(global_variables_initializer());
  EXPECT_FLOAT_EQ(session.run({square.loss, step})[0].scalar<float>(), 10);
  EXPECT_FLOAT_EQ(session.run({square.loss, step})[0].scalar<float>(), 2.5f);
}

TEST_F(OptimizerTest, TheLearningRateMayBeComputed) {
  const Square square;
  const Output rate = placeholder(float32, {});
  const Operation step = GradientDescentOptimizer({.learning_rate = rate}).minimize(square.loss);
  Session session;
  session.run(global_variables_initializer());
  session.run(step, {{rate, Tensor(0.5f)}});
  EXPECT_THAT(numbers(session.run(square.w)), ElementsAre(0, 0));
}

TEST_F(OptimizerTest, ALearningRateOfNanTrainsToNan) {
  const Square square;
  const Operation step = AdamOptimizer({.learning_rate = std::numeric_limits<double>::quiet_NaN()})
                             .minimize(square.loss);
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_TRUE(std::isnan(numbers(session.run(square.w))[0]));
  const Output checked = check_numerics(square.loss, "the loss");
  EXPECT_THAT(message<InvalidArgumentError>(ErrorKind::bad_argument, [&] { session.run(checked); }),
              HasSubstr("the loss"));
}

TEST_F(OptimizerTest, SlotsAreGlobalAndNotTrained) {
  const Square square;
  AdamOptimizer adam;
  adam.minimize(square.loss);
  EXPECT_THAT(names(global_variables()),
              ElementsAre("w:0", "beta1_power:0", "beta2_power:0", "w/Adam:0", "w/Adam_1:0"));
  EXPECT_THAT(names(trainable_variables()), ElementsAre("w:0"));
  EXPECT_THAT(adam.get_slot_names(), ElementsAre("m", "v"));
  EXPECT_EQ(adam.get_slot(square.w, "m").name(), "w/Adam:0");
  EXPECT_EQ(adam.get_slot(square.w, "v").name(), "w/Adam_1:0");
  EXPECT_EQ(adam.get_slot(square.w, "v").shape(), Shape({2}));
  EXPECT_FALSE(adam.get_slot(square.w, "accumulator"));
  EXPECT_THAT(names(adam.variables()),
              ElementsAre("beta1_power:0", "beta2_power:0", "w/Adam:0", "w/Adam_1:0"));
}

TEST_F(OptimizerTest, AnOptimizerWithoutSlotsHasNone) {
  const Square square;
  GradientDescentOptimizer descent({.learning_rate = 0.1});
  descent.minimize(square.loss);
  EXPECT_THAT(descent.get_slot_names(), IsEmpty());
  EXPECT_FALSE(descent.get_slot(square.w, "m"));
  EXPECT_THAT(descent.variables(), IsEmpty());
}

TEST_F(OptimizerTest, SlotsAreNamedAfterTheOptimizer) {
  const Square square;
  MomentumOptimizer momentum({.learning_rate = 0.1, .momentum = 0.9, .name = "opt"});
  momentum.minimize(square.loss);
  EXPECT_EQ(momentum.get_name(), "opt");
  EXPECT_EQ(momentum.get_slot(square.w, "momentum").name(), "w/opt:0");
}

TEST_F(OptimizerTest, TwoOptimizersOfOneNameHaveSlotsOfTheirOwn) {
  const Square square;
  MomentumOptimizer first({.learning_rate = 0.1, .momentum = 0.9});
  MomentumOptimizer second({.learning_rate = 0.1, .momentum = 0.9});
  first.minimize(square.loss);
  second.minimize(square.loss);
  EXPECT_EQ(first.get_slot(square.w, "momentum").name(), "w/Momentum:0");
  EXPECT_EQ(second.get_slot(square.w, "momentum").name(), "w/Momentum_1:0");
}

TEST_F(OptimizerTest, ASecondMinimizeUsesTheSameSlots) {
  const Square square;
  AdamOptimizer adam;
  adam.minimize(square.loss);
  const size_t before = global_variables().size();
  adam.minimize(square.loss);
  EXPECT_EQ(global_variables().size(), before);
}

TEST_F(OptimizerTest, OneOptimizerServesSeveralGraphs) {
  MomentumOptimizer momentum({.learning_rate = 0.1, .momentum = 0.9});
  const Square here;
  momentum.minimize(here.loss);
  const Graph other;
  auto as_default = other.as_default();
  const Square there;
  EXPECT_FALSE(momentum.get_slot(there.w, "momentum"));
  momentum.minimize(there.loss);
  EXPECT_EQ(momentum.get_slot(there.w, "momentum").graph(), other);
  EXPECT_EQ(momentum.get_slot(here.w, "momentum").graph(), graph_);
  EXPECT_EQ(momentum.variables().size(), 1u);
}

TEST_F(OptimizerTest, SlotsFollowTheirVariablesDtypeShapeAndDevice) {
  Variable v;
  {
    auto on = device("/device:CPU:0");
    v = get_variable("v", {.shape = {2, 3}, .dtype = float64});
  }
  MomentumOptimizer momentum({.learning_rate = 0.1, .momentum = 0.9});
  momentum.minimize(reduce_sum(v));
  const Variable slot = momentum.get_slot(v, "momentum");
  EXPECT_EQ(slot.dtype(), float64);
  EXPECT_EQ(slot.shape(), Shape({2, 3}));
  EXPECT_EQ(slot.device(), "/device:CPU:0");
}

TEST_F(OptimizerTest, SlotsOfAPartitionedScopeArentPartitioned) {
  auto scope = variable_scope("s", {.partitioner = fixed_size_partitioner(2)});
  const Variable w = get_variable("w", {.shape = {4}, .initializer = ones_initializer});
  AdamOptimizer adam;
  adam.minimize(reduce_sum(square(w)));
  ASSERT_EQ(w.parts().size(), 2u);
  EXPECT_EQ(adam.get_slot(w.parts()[1], "m").shape(), Shape({2}));
  EXPECT_EQ(adam.get_slot(w.parts()[1], "m").name(), "s/s/w/part_1/Adam:0");
  EXPECT_TRUE(scope.scope().partitioner());
}

TEST_F(OptimizerTest, TheTrainOperationIsNamedAfterTheOptimizer) {
  const Square square;
  GradientDescentOptimizer descent({.learning_rate = 0.1});
  EXPECT_EQ(descent.minimize(square.loss).name(), "GradientDescent");
  EXPECT_EQ(descent.minimize(square.loss, {.name = "train"}).name(), "train");
  EXPECT_EQ(descent.minimize(square.loss).name(), "GradientDescent_1");
}

TEST_F(OptimizerTest, TheUpdateIsBelowTheTrainOperation) {
  const Square square;
  AdamOptimizer().minimize(square.loss);
  EXPECT_EQ(graph_.operation("Adam/update_w/ApplyAdam").type(), "ApplyAdam");
  EXPECT_EQ(graph_.operation("Adam/learning_rate").type(), "Const");
}

TEST_F(OptimizerTest, TrainOperationsAreCollected) {
  const Square square;
  GradientDescentOptimizer descent({.learning_rate = 0.1});
  const Operation first = descent.minimize(square.loss), second = descent.minimize(square.loss);
  EXPECT_THAT(get_collection<Operation>(GraphKeys::TRAIN_OP), ElementsAre(first, second));
}

TEST_F(OptimizerTest, CountsTheGlobalStepAfterTheUpdates) {
  const Square square;
  const Variable global_step = train::create_global_step();
  const Operation step = AdamOptimizer().minimize(square.loss, {.global_step = global_step});
  EXPECT_EQ(step.name(), "Adam");
  Session session;
  session.run(global_variables_initializer());
  for (int i = 0; i < 3; ++i) session.run(step);
  EXPECT_EQ(session.run(global_step).scalar<int64_t>(), 3);
  EXPECT_FLOAT_EQ(session.run(graph_.tensor("beta1_power:0")).scalar<float>(),
                  0.9f * 0.9f * 0.9f * 0.9f);
}

TEST_F(OptimizerTest, CountsAGlobalStepThatIsAResourceVariable) {
  const Square square;
  const Variable global_step(Tensor(int64_t{5}), {.trainable = false, .use_resource = true});
  const Operation step = GradientDescentOptimizer({.learning_rate = 0.1})
                             .minimize(square.loss, {.global_step = global_step});
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_EQ(session.run(global_step).scalar<int64_t>(), 6);
}

TEST_F(OptimizerTest, TrainsOnlyTheVariablesOfItsList) {
  const Variable a = get_variable("a", {.initializer = Tensor({1.0f})});
  const Variable b = get_variable("b", {.initializer = Tensor({1.0f})});
  const Operation step = GradientDescentOptimizer({.learning_rate = 0.5})
                             .minimize(reduce_sum(square(a) + square(b)), {.var_list = {b}});
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_THAT(numbers(session.run(a)), ElementsAre(1));
  EXPECT_THAT(numbers(session.run(b)), ElementsAre(0));
}

TEST_F(OptimizerTest, AppliesAConstraintAfterTheUpdate) {
  for (const bool resource : {false, true}) {
    const Variable w(Tensor({0.5f, 2.0f}),
                     {.use_resource = resource,
                      .constraint = [](const Output& value) { return maximum(value, 0.0f); }});
    const Operation step = GradientDescentOptimizer({.learning_rate = 1.0}).minimize(reduce_sum(w));
    Session session;
    session.run(global_variables_initializer());
    session.run(step);
    EXPECT_THAT(numbers(session.run(w)), ElementsAre(0, 1)) << resource;
  }
}

TEST_F(OptimizerTest, ComputesTheGradientsOfAllTrainableVariables) {
  const Square square;
  const Variable unused = get_variable("unused", {.shape = {3}});
  GradientDescentOptimizer descent({.learning_rate = 0.1});
  const train::GradientsAndVariables pairs = descent.compute_gradients(square.loss);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].variable, square.w);
  EXPECT_TRUE(pairs[0].gradient);
  EXPECT_EQ(pairs[1].variable, unused);
  EXPECT_FALSE(pairs[1].gradient);
}

TEST_F(OptimizerTest, WaitsForAllGradientsWhereItIsAskedTo) {
  const Square square;
  const Variable table = get_variable("table", {.initializer = Tensor({{1.0f}, {2.0f}})});
  const Variable unused = get_variable("unused", {.initializer = Tensor({1.0f})});
  const Output loss = square.loss + reduce_sum(gather(table, {1}));
  const Operation step = GradientDescentOptimizer({.learning_rate = 0.25})
                             .minimize(loss, {.gate_gradients = train::GateGradients::GRAPH});
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_THAT(numbers(session.run(square.w)), ElementsAre(1.5f, -0.5f));
  EXPECT_THAT(numbers(session.run(table)), ElementsAre(1, 1.75f));
}

TEST_F(OptimizerTest, AppliesGradientsThatTheProgramChanged) {
  const Square square;
  GradientDescentOptimizer descent({.learning_rate = 1.0});
  train::GradientsAndVariables pairs = descent.compute_gradients(square.loss);
  pairs[0].gradient = clip_by_value(pairs[0].gradient, -1.0f, 1.0f);
  pairs.push_back(
      {Output(), get_variable("other", {.shape = {3}, .initializer = zeros_initializer})});
  const Operation step = descent.apply_gradients(pairs);
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_THAT(numbers(session.run(square.w)), ElementsAre(2, 0));
}

// Rows that occur twice count one by one in the norm, as in TensorFlow.
TEST_F(OptimizerTest, ClipsGradientsOfGatheredRowsByTheirRows) {
  const Variable table = get_variable("table", {.initializer = Tensor({{1.0f}, {2.0f}, {3.0f}})});
  MomentumOptimizer momentum({.learning_rate = 1.0, .momentum = 0.5});
  train::GradientsAndVariables pairs =
      momentum.compute_gradients(reduce_sum(gather(table, {0, 0, 0, 2})));
  const ClippedByGlobalNorm clipped = clip_by_global_norm({pairs[0].gradient}, 1.0f);
  pairs[0].gradient = clipped.tensors[0];
  const Operation step = momentum.apply_gradients(pairs);
  Session session;
  session.run(global_variables_initializer());
  EXPECT_FLOAT_EQ(session.run(clipped.global_norm).scalar<float>(), 2);
  session.run(step);
  EXPECT_THAT(numbers(session.run(table)), ElementsAre(-0.5f, 2, 2.5f));
}

TEST_F(OptimizerTest, ScalesByTheGradientOfTheLossItself) {
  const Square square;
  const Operation step = GradientDescentOptimizer({.learning_rate = 0.25})
                             .minimize(square.loss, {.grad_loss = constant(2.0f)});
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  EXPECT_THAT(numbers(session.run(square.w)), ElementsAre(0, 0));
}

// ---- The global step.

TEST_F(OptimizerTest, TheGlobalStepIsMadeOnce) {
  EXPECT_FALSE(train::get_global_step());
  const Variable made = train::get_or_create_global_step();
  EXPECT_EQ(made.name(), "global_step:0");
  EXPECT_EQ(made.dtype(), int64);
  EXPECT_EQ(made.shape(), Shape({}));
  EXPECT_FALSE(made.trainable());
  EXPECT_EQ(train::get_global_step(), made);
  EXPECT_EQ(train::get_or_create_global_step(), made);
  EXPECT_THAT(get_collection<Variable>(GraphKeys::GLOBAL_STEP), ElementsAre(made));
  EXPECT_THAT(names(global_variables()), ElementsAre("global_step:0"));
  EXPECT_THAT(message<ValueError>(ErrorKind::already_exists, [] { train::create_global_step(); }),
              HasSubstr("\"global_step\" already exists"));
}

TEST_F(OptimizerTest, TheGlobalStepIsFoundByItsName) {
  const Variable mine(Tensor(int32_t{0}), {.name = "global_step", .trainable = false});
  EXPECT_EQ(train::get_global_step(), mine);
}

TEST_F(OptimizerTest, AGlobalStepThatIsNoIntegerIsRefused) {
  const Variable mine(Tensor(0.0f), {.name = "global_step"});
  EXPECT_THAT(message<TypeError>(ErrorKind::dtype_incompatible, [] { train::get_global_step(); }),
              HasSubstr("global_step:0 is float32"));
}

TEST_F(OptimizerTest, AGlobalStepThatIsNoScalarIsRefused) {
  const Variable mine(Tensor({int64_t{0}, int64_t{1}}), {.name = "global_step"});
  EXPECT_THAT(message<TypeError>(ErrorKind::bad_argument, [] { train::get_global_step(); }),
              HasSubstr("has shape (2,)"));
}

}  // namespace
