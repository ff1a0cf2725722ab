// Loops: how often they go round, what they keep, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tenon/tenon.h"
#include "tests/ops/flow_testing.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class WhileLoopTest : public FlowTest {
 protected:
  Output rounds_ = placeholder(int32, {});
};

TEST_F(WhileLoopTest, GoesRoundWhileItsConditionHolds) {
  const auto last = while_loop([&](Output i, Output) { return i < rounds_; },
                               [](Output i, Output x) -> Returned {
                                 return {i + 1, x * 2.0f};
                               },
                               {0, x_});
  for (const int rounds : {0, 1, 5}) {
    const std::vector<Tensor> values =
        session_.run(last, {{rounds_, Tensor(rounds)}, {x_, Tensor(3.0f)}});
    EXPECT_EQ(values[0].scalar<int32_t>(), rounds);
    EXPECT_EQ(values[1].scalar<float>(), 3.0f * std::pow(2.0f, static_cast<float>(rounds)));
  }
}

TEST_F(WhileLoopTest, TakesItsVariablesAsAList) {
  const auto last = while_loop([](const std::vector<Output>& all) { return all[0] < 4; },
                               [](const std::vector<Output>& all) { return all[0] + 1; }, {0});
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(run(last[0]).scalar<int32_t>(), 4);
}

TEST_F(WhileLoopTest, VariablesAreReadAndAssignedInEachRound) {
  const Variable total = get_variable("total", {.initializer = Tensor(0.0f), .use_resource = true});
  const auto last = while_loop([](Output i) { return i < 4; },
                               [&](Output i) -> Returned {
                                 const auto after =
                                     control_dependencies({total.assign_add(cast(i, float32))});
                                 return identity(i) + 1;
                               },
                               {0});
  initialize();
  run(last[0]);
  EXPECT_EQ(number(total), 6.0f);
  run(last[0]);
  EXPECT_EQ(number(total), 12.0f);
}

TEST_F(WhileLoopTest, ReadsWhatTheSameRoundAssigned) {
  const Variable v = get_variable("v", {.initializer = Tensor(1.0f), .use_resource = true});
  const auto last = while_loop([](Output i, Output) { return i < 3; },
                               [&](Output i, Output sum) -> Returned {
                                 const auto after = control_dependencies({v.assign_add(1.0f)});
                                 return {i + 1, sum + v.read_value()};
                               },
                               {0, 0.0f});
  initialize();
  EXPECT_EQ(number(last[1]), 9.0f);
}

TEST_F(WhileLoopTest, MaximumIterationsEndIt) {
  const auto rounds = [&](const Input& most) {
    return while_loop([](Output) { return constant(true); }, [](Output i) { return i + 1; }, {0},
                      {.maximum_iterations = most})[0];
  };
  EXPECT_EQ(run(rounds(0)).scalar<int32_t>(), 0);
  EXPECT_EQ(run(rounds(7)).scalar<int32_t>(), 7);
  EXPECT_EQ(run(rounds(rounds_), {{rounds_, Tensor(3)}}).scalar<int32_t>(), 3);
}

TEST_F(WhileLoopTest, AnInvariantLetsAShapeChange) {
  const auto body = [](Output i, Output x) -> Returned { return {i + 1, concat({x, x}, 0)}; };
  const auto goes_on = [](Output i, Output) { return i < 3; };
  const auto last = while_loop(goes_on, body, {0, ones({2})}, {.shape_invariants = {{}, {-1}}});
  EXPECT_EQ(last[1].shape(), Shape({-1}));
  EXPECT_EQ(run(last[1]).shape(), Shape({16}));
  EXPECT_EQ(number(reduce_sum(last[1] * 2.0f)), 32.0f);
  EXPECT_ERROR(while_loop(goes_on, body, {0, ones({2})}), ValueError, flow_mismatch,
               "but has shape (4,) after one iteration");
}

TEST_F(WhileLoopTest, LoopsStandInsideOfEachOther) {
  const auto last = while_loop([](Output i, Output) { return i < 3; },
                               [](Output i, Output sum) -> Returned {
                                 const auto inner =
                                     while_loop([&](Output j, Output) { return j <= i; },
                                                [](Output j, Output of) -> Returned {
                                                  return {j + 1, of + cast(j, float32)};
                                                },
                                                {0, sum});
                                 return {i + 1, inner[1]};
                               },
                               {0, 0.0f});
  EXPECT_EQ(number(last[1]), 4.0f);  // 0 + (0 + 1) + (0 + 1 + 2)
}

TEST_F(WhileLoopTest, RefusesBodiesThatDontFit) {
  const auto goes_on = [](Output i, Output) { return i < 3; };
  EXPECT_ERROR(while_loop(goes_on, [](Output i, Output) { return i; }, {0, x_}), ValueError,
               flow_mismatch, "as many values as there are loop variables: 2, not 1");
  EXPECT_ERROR(while_loop(goes_on,
                          [](Output i, Output) -> Returned {
                            return {i, i};
                          },
                          {0, x_}),
               ValueError, flow_mismatch, "answers int32");
  EXPECT_ERROR(while_loop([](const std::vector<Output>&) { return constant(true); },
                          [](const std::vector<Output>& all) { return all; }, {}),
               ValueError, bad_argument, "No loop variables");
  EXPECT_ERROR(while_loop([](Output i) { return i; }, [](Output i) { return i; }, {0}), TypeError,
               dtype_incompatible, "must be a boolean");
}

TEST_F(WhileLoopTest, ItsFunctionsTakeAsManyVariablesAsThereAre) {
  const auto one = [](Output i) { return i < 3; };
  const auto next = [](const std::vector<Output>& all) { return all; };
  const auto too_few = [&] { return while_loop(one, next, {0, x_}); };
  EXPECT_ERROR(too_few(), ValueError, flow_mismatch,
               "takes 1 loop variables, of which there are 2, asked for at " __FILE__);
  EXPECT_ERROR(while_loop(one, [](Output i, Output) { return i; }, {0}), ValueError, flow_mismatch,
               "takes 2 loop variables, of which there are 1");
}

TEST_F(WhileLoopTest, RefusesTheUseOfWhatIsInside) {
  Output inside;
  const auto last = while_loop([](Output i) { return i < 3; },
                               [&](Output i) {
                                 inside = i + 1;
                                 return inside;
                               },
                               {0});
  EXPECT_ERROR(inside + 1, ValueError, inside_control_flow, "is inside the while loop 'while/");
  EXPECT_ERROR(run(inside), ValueError, bad_fetch, "inside a conditional or a loop");
}

TEST_F(WhileLoopTest, SaysInWhichIterationWhatFailed) {
  const ScopeGuard on_cpu = device("/cpu:0");  // a GPU gives zeros for what isn't in the table
  const Output table = constant({1.0f, 2.0f});
  const auto last = while_loop([](Output i, Output) { return i < 5; },
                               [&](Output i, Output x) -> Returned {
                                 return {i + 1, x + gather(table, i, {.name = "pick"})};
                               },
                               {0, 0.0f});
  EXPECT_ERROR(run(last[1]), InvalidArgumentError, index_out_of_range, "while/pick");
  EXPECT_ERROR(run(last[1]), InvalidArgumentError, index_out_of_range, "in iteration 2");
  EXPECT_ERROR(run(last[1]), InvalidArgumentError, index_out_of_range, "'while/Exit' (While)");
}

TEST_F(WhileLoopTest, ATimeOutEndsALoopThatDoesnt) {
  const auto forever =
      while_loop([](Output) { return constant(true); }, [](Output i) { return i + 1; }, {0});
  const Callable call = session_.make_callable({forever[0]});
  EXPECT_ERROR(call({}, {.timeout_in_ms = 20}), DeadlineExceededError, timed_out, "20 ms");
}

TEST_F(WhileLoopTest, GradientsGoThroughItsRounds) {
  const Variable w = get_variable("w", {.initializer = Tensor(0.5f)});
  const auto last = while_loop([&](Output i, Output) { return i < rounds_; },
                               [&](Output i, Output x) -> Returned {
                                 return {i + 1, tanh(x * w)};
                               },
                               {0, x_});
  const std::vector<Output> into = gradients({last[1]}, {x_, w});
  initialize();
  for (const int rounds : {0, 1, 4}) {
    double x = 0.75, of_x = 1.0, of_w = 0.0;
    for (int i = 0; i < rounds; ++i) {
      const double next = std::tanh(x * 0.5), slope = 1 - next * next;
      of_w = slope * (of_w * 0.5 + x);
      of_x *= slope * 0.5;
      x = next;
    }
    const std::vector<Tensor> values =
        session_.run(into, {{rounds_, Tensor(rounds)}, {x_, Tensor(0.75f)}});
    EXPECT_NEAR(values[0].scalar<float>(), of_x, 1e-6);
    EXPECT_NEAR(values[1].scalar<float>(), of_w, 1e-6);
  }
}

TEST_F(WhileLoopTest, GradientsGoThroughConditionalsAndLoopsInside) {
  const auto last =
      while_loop([](Output i, Output) { return i < 3; },
                 [](Output i, Output x) -> Returned {
                   const Output y = cond(
                       equal(floormod(i, 2), 0), [&] { return square(x); }, [&] { return sin(x); });
                   const auto inner = while_loop([](Output j, Output) { return j < 2; },
                                                 [](Output j, Output z) -> Returned {
                                                   return {j + 1, tanh(z)};
                                                 },
                                                 {0, y});
                   return {i + 1, inner[1]};
                 },
                 {0, x_});
  const Output into = gradients({last[1]}, {x_})[0];
  double value = 0.9, slope = 1.0;
  const auto apply = [&](double next, double by) {
    value = next;
    slope *= by;
  };
  for (int i = 0; i < 3; ++i) {
    i % 2 == 0 ? apply(value * value, 2 * value) : apply(std::sin(value), std::cos(value));
    for (int j = 0; j < 2; ++j) {
      const double next = std::tanh(value);
      apply(next, 1 - next * next);
    }
  }
  EXPECT_NEAR(number(last[1], {{x_, Tensor(0.9f)}}), value, 1e-6);
  EXPECT_NEAR(number(into, {{x_, Tensor(0.9f)}}), slope, 1e-6);
}

TEST_F(WhileLoopTest, RefusesTheGradientOfItsGradient) {
  const auto last = while_loop([](Output i, Output) { return i < 3; },
                               [&](Output i, Output x) -> Returned {
                                 return {i + 1, x * x_};
                               },
                               {0, 1.0f});
  const Output once = gradients({last[1]}, {x_})[0];
  EXPECT_ERROR(gradients({once}, {x_}), UnimplementedError, no_gradient, "Second-order");
}

// As TensorFlow, whose accumulators let no gradients through.
TEST_F(WhileLoopTest, NoWayLeadsThroughWhatItsRoundsKept) {
  const auto squares = while_loop([](Output i, Output) { return i < 3; },
                                  [](Output i, Output x) -> Returned {
                                    return {i + 1, square(x)};
                                  },
                                  {0, x_});
  const Output once = gradients({squares[1]}, {x_})[0];
  EXPECT_FALSE(gradients({once}, {x_})[0]);
  const Variable w = get_variable("w", {.initializer = Tensor(2.0f), .use_resource = true});
  const auto powers = while_loop([](Output i, Output) { return i < 3; },
                                 [&](Output i, Output x) -> Returned {
                                   return {i + 1, x * w};
                                 },
                                 {0, 1.0f});
  const Output slope = gradients({powers[1]}, {w})[0];
  EXPECT_FALSE(gradients({slope}, {w})[0]);
  initialize();
  EXPECT_EQ(number(slope), 12.0f);
}

TEST_F(WhileLoopTest, WithoutBackPropGradientsStopThere) {
  const auto last = while_loop([](Output i, Output) { return i < 3; },
                               [](Output i, Output x) -> Returned {
                                 return {i + 1, square(x)};
                               },
                               {0, x_}, {.back_prop = false});
  EXPECT_FALSE(gradients({last[1]}, {x_})[0]);
}

}  // namespace
}  // namespace tenon
