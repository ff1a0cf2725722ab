// Gradients that are added up over several runs.
#include "tenon/gradient_accumulation.h"

#include "tests/training/optimizer_testing.h"

namespace {

using namespace tenon;  // NOLINT(google-build-using-namespace)
using testing::ElementsAre;
using testing::HasSubstr;
using train::GradientDescentOptimizer;

class GradientAccumulationTest : public OptimizerTest, public testing::WithParamInterface<bool> {};

TEST_P(GradientAccumulationTest, StepsByTheMeanOverTheRuns) {
  const Variable w =
      get_variable("w", {.initializer = Tensor({3.0f, -1.0f}), .use_resource = GetParam()});
  const Variable other = get_variable("other", {.initializer = Tensor(1.0f)});
  const Output x = placeholder(float32, {2});
  GradientDescentOptimizer descent({.learning_rate = 1.0});
  const auto sums =
      train::accumulate_gradients(descent.compute_gradients(reduce_sum(w * x), {.var_list = {w}}));
  const Operation step = descent.apply_gradients(sums.gradients);
  EXPECT_THAT(names(global_variables()), ElementsAre("w:0", "other:0", "w/GradientAccumulator:0",
                                                     "GradientAccumulator/count:0"));
  EXPECT_THAT(names(trainable_variables()), ElementsAre("w:0", "other:0"));
  Session session;
  session.run(global_variables_initializer());
  session.run(step);  // of nothing
  EXPECT_THAT(numbers(session.run(w)), ElementsAre(3, -1));
  session.run(sums.add, {{x, Tensor({1.0f, 2.0f})}});
  session.run(sums.add, {{x, Tensor({3.0f, 0.0f})}});
  session.run(step);
  EXPECT_THAT(numbers(session.run(w)), ElementsAre(1, -2));
  session.run(sums.reset);
  session.run(sums.add, {{x, Tensor({4.0f, 4.0f})}});
  session.run(step);
  EXPECT_THAT(numbers(session.run(w)), ElementsAre(-3, -6));
}

INSTANTIATE_TEST_SUITE_P(Kinds, GradientAccumulationTest, testing::Bool());

TEST_F(OptimizerTest, AccumulatesGatheredRowsAndLeavesOutWhatHasNone) {
  const Variable w = get_variable("w", {.initializer = Tensor({{1.0f}, {2.0f}, {3.0f}})});
  const Variable other = get_variable("other", {.initializer = Tensor(1.0f)});
  GradientDescentOptimizer descent({.learning_rate = 1.0});
  const auto sums = train::accumulate_gradients(
      descent.compute_gradients(reduce_sum(gather(w, {2, 0, 2}))), "sums");
  ASSERT_EQ(sums.gradients.size(), 2U);
  EXPECT_FALSE(sums.gradients[1].gradient);
  Session session;
  session.run(global_variables_initializer());
  session.run(sums.add);
  EXPECT_THAT(numbers(session.run(sums.gradients[0].gradient)), ElementsAre(1, 0, 2));
  EXPECT_THAT(message<ValueError>(ErrorKind::no_gradient,
                                  [&] {
                                    train::accumulate_gradients({{Output(), w}});
                                  }),
              HasSubstr("nothing to add up"));
}

}  // namespace
