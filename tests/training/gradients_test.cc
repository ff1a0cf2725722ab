#include "tenon/gradients.h"

#include <gmock/gmock.h>

#include "core/graph/builder.h"
#include "tenon/initializers.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tenon/optimizers.h"
#include "tenon/session.h"
#include "tenon/variable_scope.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class GradientsTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(GradientsTest, AnswersOneOutputForEachX) {
  const Output x = constant({1.0f, 2.0f}), y = constant({3.0f, 4.0f});
  const std::vector<Output> d = gradients({x * y}, {x, y});
  ASSERT_EQ(d.size(), 2u);
  expect_near(run(d[0]), {3, 4});
  expect_near(run(d[1]), {1, 2});
  EXPECT_EQ(d[0].op().name().rfind("gradients/", 0), 0u) << d[0].op().name();
}

TEST_F(GradientsTest, IsEmptyWhereNoPathLeads) {
  const Output x = constant(1.0f), y = constant(2.0f);
  EXPECT_FALSE(gradients({y * y}, {x})[0]);
  EXPECT_FALSE(gradients({cast(cast(x, int32), float32) * y}, {x})[0]);
  EXPECT_FALSE(gradients({y}, {x})[0]);
}

TEST_F(GradientsTest, IsZeroWhereNoPathLeadsIfAskedFor) {
  const Output x = constant({1.0f, 2.0f}), y = constant(2.0f);
  const auto zero = UnconnectedGradients::ZERO;
  expect_near(run(gradients({y}, {x}, {.unconnected_gradients = zero})[0]), {0, 0});
}

TEST_F(GradientsTest, OfAVariableWhereNoPathLeadsIsOfItsShape) {
  for (const bool use_resource : {false, true}) {
    const Variable w = get_variable(use_resource ? "resource" : "reference",
                                    {.shape = {2}, .use_resource = use_resource});
    const auto zero = UnconnectedGradients::ZERO;
    const Output none = gradients({constant(2.0f)}, {w}, {.unconnected_gradients = zero})[0];
    EXPECT_EQ(none.dtype(), float32);
    expect_near(run(none), {0, 0});
  }
}

TEST_F(GradientsTest, OfAnXByItselfIsOne) {
  const Output x = constant({1.0f, 2.0f});
  expect_near(run(gradients({x}, {x})[0]), {1, 1});
}

TEST_F(GradientsTest, SumsOverPathsAndOverYs) {
  const Output x = constant(3.0f);
  const Output y = x * x;
  expect_near(run(gradients({y + y * x}, {x})[0]), {6 + 27});
  expect_near(run(gradients({y, y}, {x})[0]), {12});
  expect_near(run(gradients({y, x}, {x})[0]), {7});
}

TEST_F(GradientsTest, GoesOnPastAnXToAnother) {
  const Output x = constant(3.0f);
  const Output y = x * x, z = y * y;
  const std::vector<Output> d = gradients({z}, {x, y});
  expect_near(run(d[0]), {108});
  expect_near(run(d[1]), {18});
}

TEST_F(GradientsTest, AnIntegerBranchDoesntHideTheOthers) {
  const Output x = constant(2.5f);
  const Output squared = square(x);
  const Output whole = cast(cast(squared, int32), float32);
  expect_near(run(gradients({squared * whole}, {x})[0]), {30});
}

TEST_F(GradientsTest, StartsFromGivenGradients) {
  const Output x = constant({1.0f, 2.0f});
  const Output y = x * 3.0f;
  const Output dy = constant({10.0f, 100.0f});
  expect_near(run(gradients({y}, {x}, {.grad_ys = {dy}})[0]), {30, 300});
  expect_near(run(gradients({y, y}, {x}, {.grad_ys = {dy, Output()}})[0]), {33, 303});
  EXPECT_ERROR(gradients({y}, {x}, {.grad_ys = {dy, dy}}), ValueError, bad_argument,
               "2 grad_ys for 1 ys");
  EXPECT_ERROR(gradients({y}, {x}, {.grad_ys = {constant({1, 2})}}), TypeError, dtype_incompatible,
               "int32");
}

TEST_F(GradientsTest, RefusesGivenGradientsOfAnotherShape) {
  const Output two = constant({1.0f, 2.0f});
  EXPECT_ERROR(gradients({two * 2.0f}, {two}, {.grad_ys = {constant({1.0f, 2.0f, 3.0f})}}),
               ValueError, shape_incompatible, "grad_ys[0] has shape (3,)");
  const Output x = placeholder(float32), dy = placeholder(float32);
  const Feeds wrong = {{x, Tensor({{1.0f, 2.0f, 3.0f}, {4.0f, 5.0f, 6.0f}})},
                       {dy, Tensor({{1.0f, 2.0f}, {3.0f, 4.0f}, {5.0f, 6.0f}, {7.0f, 8.0f}})}};
  for (const Output& y : {slice(x, {0, 0}, {2, 2}), nn::bias_add(x, {1.0f, 2.0f, 3.0f}),
                          nn::softmax(x), cumsum(x), transpose(x, {.perm = {1, 0}})}) {
    EXPECT_ERROR(run(gradients({y}, {x}, {.grad_ys = {dy}})[0], wrong), InvalidArgumentError,
                 shape_incompatible, "the gradient that was given for a result has shape (4, 2)");
  }
}

TEST_F(GradientsTest, StopsWhereAsked) {
  const Output x = constant(3.0f);
  const Output y = x * x;
  const std::vector<Output> d = gradients({y * x}, {x}, {.stop_gradients = {y}});
  expect_near(run(d[0]), {9});
}

TEST_F(GradientsTest, OfAVariableCountsEveryReadOfIt) {
  for (const bool resource : {false, true}) {
    const Variable w =
        get_variable(resource ? "r" : "w",
                     {.shape = {2}, .initializer = ones_initializer(), .use_resource = resource});
    const Output first = w, second = w.read_value();
    const Output loss = reduce_sum(square(first) + 3.0f * second);
    const std::vector<Output> all = gradients({loss}, {w});
    const std::vector<Output> one = gradients({loss}, {first});
    Session session;
    session.run(w.initializer());
    expect_near(session.run(all[0]), {5, 5});
    expect_near(session.run(one[0]), {2, 2});
  }
}

TEST_F(GradientsTest, NamesTheOperationThatHasNoGradient) {
  const Output x = constant({1.0f, 2.0f});
  const Output rest =
      internal::add_output("TruncateMod", {x, constant({3.0f, 5.0f})}, {.name = "rest"});
  EXPECT_ERROR(gradients({rest}, {x}), UnimplementedError, bad_argument,
               "No gradient defined for operation 'rest' (op type: TruncateMod)");
}

TEST_F(GradientsTest, RefusesYsOfAnotherGraph) {
  const Output x = constant(1.0f);
  Graph other;
  Output y;
  {
    const ScopeGuard there = other.as_default();
    y = constant(1.0f) * 2.0f;
  }
  EXPECT_ERROR(gradients({x * x, y}, {x}), ValueError, bad_argument, "same graph");
}

TEST_F(GradientsTest, OfUnknownShapesAreWorkedOutInTheRun) {
  const Output x = placeholder(float32, {-1, 2}), b = placeholder(float32, {-1});
  const std::vector<Output> d = gradients({reduce_mean(x * b)}, {x, b});
  EXPECT_EQ(d[0].shape(), (Shape{-1, 2}));
  const Feeds feeds = {{x, Tensor({{1.0f, 2.0f}, {3.0f, 4.0f}})}, {b, Tensor({8.0f})}};
  expect_near(run(d[0], feeds), {2, 2, 2, 2});
  expect_near(run(d[1], feeds), {2.5});
}

TEST_F(GradientsTest, TakesTimeInProportionToTheGraph) {
  Output x = constant(1.0f);
  std::vector<Ref> xs;
  for (int i = 0; i < 2000; ++i) {
    const Output w = constant(1.0f);
    xs.emplace_back(w);
    x = x * w;
  }
  const std::vector<Output> d = gradients({x}, xs);
  EXPECT_TRUE(d.front() && d.back());
  EXPECT_LT(graph_.operations().size(), 20000u);
}

TEST_F(GradientsTest, PlansWarnWhereASparseOneBecomesDense) {
  const Variable table = get_variable("table", {.shape = {5, 2}});
  const Output loss = reduce_sum(square(gather(table, {1, 3})));
  const Output gradient = gradients({loss}, {table})[0];
  Session session;
  session.run(global_variables_initializer());
  constexpr const char* kWarning = "(a sparse gradient becomes dense)";
  EXPECT_THAT(session.plan_text({gradient * 2.0f}), ::testing::HasSubstr(kWarning));
  const Operation sparse = train::GradientDescentOptimizer({.learning_rate = 0.1}).minimize(loss);
  EXPECT_THAT(session.plan_text({sparse}), ::testing::Not(::testing::HasSubstr(kWarning)));
  const Operation clipped = train::GradientDescentOptimizer({.learning_rate = 0.1})
                                .apply_gradients({{clip_by_value(gradient, -1.0f, 1.0f), table}});
  EXPECT_THAT(session.plan_text({clipped}), ::testing::HasSubstr(kWarning));
}

}  // namespace
}  // namespace tenon::testing
