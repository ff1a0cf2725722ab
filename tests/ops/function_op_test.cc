// Functions of the program's as operations.
#include "tenon/function_op.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/ops/flow_testing.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using Values = std::vector<Tensor>;

Tensor doubled(const Values& in) {
  std::vector<float> elements = in[0].to_vector<float>();
  for (float& element : elements) element *= 2;
  return Tensor::from<float>(elements, in[0].shape());
}

// Those that are above zero: how many, only the run knows.
Tensor positive(const Values& in) {
  std::vector<float> kept;
  for (const float element : in[0].to_vector<float>()) {
    if (element > 0) kept.push_back(element);
  }
  return Tensor(kept);
}

class FunctionOpTest : public FlowTest {
 protected:
  Output v_ = placeholder(float32, {-1});
};

TEST_F(FunctionOpTest, CallsTheFunctionInEachRun) {
  int calls = 0;
  const Output y = function_op(
      [&](const Values& in) {
        ++calls;
        return doubled(in);
      },
      {v_}, float32, {.shapes = {{-1}}});
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(y.dtype(), float32);
  EXPECT_EQ(y.shape(), Shape({-1}));
  EXPECT_EQ(run(y, {{v_, Tensor({1.0f, 2.0f})}}), Tensor({2.0f, 4.0f}));
  EXPECT_EQ(run(y, {{v_, Tensor({3.0f})}}), Tensor({6.0f}));
  EXPECT_EQ(calls, 2);
  run(v_ + 1.0f, {{v_, Tensor({3.0f})}});
  EXPECT_EQ(calls, 2);
}

TEST_F(FunctionOpTest, IsPartOfTheGraphAroundIt) {
  const Output y = function_op(doubled, {v_ + 1.0f}, float32, {.shapes = {v_.shape()}});
  const Output z = reduce_sum(square(y) * 2.0f);
  EXPECT_EQ(number(z, {{v_, Tensor({0.0f, 1.0f})}}), 2 * (4 + 16));
}

TEST_F(FunctionOpTest, ShapesMayBeKnownWhenItHasRunAlone) {
  const Output y = function_op(positive, {v_}, float32);
  EXPECT_FALSE(y.shape().has_rank());
  const Output z = reshape(y, {-1, 1}) * 10.0f;
  const Feeds feeds = {{v_, Tensor({-1.0f, 2.0f, 3.0f})}};
  EXPECT_EQ(run(z, feeds), Tensor({{20.0f}, {30.0f}}));
  EXPECT_EQ(run(shape(y), feeds), Tensor({2}));
  EXPECT_EQ(run(z, {{v_, Tensor({-1.0f})}}).shape(), Shape({0, 1}));
}

TEST_F(FunctionOpTest, TakesAndGivesSeveralDtypes) {
  const Output words = placeholder(DType::string, {-1});
  const std::vector<Output> both = function_op(
      [](const Values& in) -> Values {
        std::string all;
        int64_t letters = 0;
        for (const std::string& word : in[0].to_vector<std::string>()) {
          all += word;
          letters += static_cast<int64_t>(word.size());
        }
        return {Tensor(all), Tensor(letters * in[1].scalar<int32_t>())};
      },
      {words, 3}, {DType::string, int64});
  const Feeds feeds = {{words, Tensor(std::vector<std::string>{"ab", "cde"})}};
  EXPECT_EQ(run(both[0], feeds).scalar<std::string>(), "abcde");
  EXPECT_EQ(run(both[1] + int64_t{1}, feeds).scalar<int64_t>(), 16);
}

TEST_F(FunctionOpTest, OfNothingIsRunForItself) {
  std::vector<float> seen;
  const Operation log = function_op(
      [&](const Values& in) { seen.push_back(in[0].scalar<float>()); }, {x_}, {.name = "log"});
  EXPECT_EQ(log.name(), "log");
  session_.run(log, {{x_, Tensor(2.0f)}});
  const ScopeGuard after = control_dependencies({log});
  run(identity(x_), {{x_, Tensor(3.0f)}});
  EXPECT_THAT(seen, ::testing::ElementsAre(2.0f, 3.0f));
}

TEST_F(FunctionOpTest, HasTensorFlowsTypesAndNames) {
  const Output y = function_op(doubled, {v_}, float32);
  EXPECT_EQ(y.op().type(), "PyFunc");
  EXPECT_EQ(y.name(), "PyFunc:0");
  const Output z = function_op(doubled, {v_}, float32, {.stateful = false});
  EXPECT_EQ(z.op().type(), "PyFuncStateless");
  EXPECT_EQ(z.name(), "PyFuncStateless:0");
}

TEST_F(FunctionOpTest, ReadsVariablesInTheOrderOfTheRun) {
  for (const bool resource : {false, true}) {
    const Variable w =
        get_variable(resource ? "r" : "w",
                     {.shape = {2}, .initializer = ones_initializer(), .use_resource = resource});
    Values kept;
    const Output before = function_op(
        [&](const Values& in) {
          kept = in;
          return doubled(in);
        },
        {w}, float32, {.shapes = {{2}}});
    initialize();
    Output assigned;
    {
      const ScopeGuard after = control_dependencies({before.op()});
      assigned = assign_add(w, {1.0f, 1.0f});
    }
    run(assigned);
    EXPECT_EQ(kept.at(0), Tensor({1.0f, 1.0f}));  // what was kept stays what it was
    EXPECT_EQ(run(function_op(doubled, {w}, float32)), Tensor({4.0f, 4.0f}));
  }
}

TEST_F(FunctionOpTest, StandsInBranchesAndLoops) {
  int calls = 0;
  const auto count = [&](const Values& in) {
    ++calls;
    return doubled(in);
  };
  const FunctionOptions scalar = {.shapes = {{}}};
  const Output chosen = cond(
      x_ > 0.0f, [&] { return function_op(count, {x_}, float32, scalar); }, [&] { return x_; });
  EXPECT_EQ(number(chosen, {{x_, Tensor(-1.0f)}}), -1.0f);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(number(chosen, {{x_, Tensor(1.0f)}}), 2.0f);
  const std::vector<Output> loop =
      while_loop([](Output y) { return y < 100.0f; },
                 [&](Output y) { return function_op(count, {y}, float32, scalar); }, {x_});
  EXPECT_EQ(number(loop[0], {{x_, Tensor(1.0f)}}), 128.0f);
  EXPECT_EQ(calls, 8);
}

TEST_F(FunctionOpTest, RunsOnTheHostOfAProgramOnAGpu) {
  Session session(graph_, {.emulated_gpus = 1});
  Output y, z;
  {
    const ScopeGuard gpu = device("/device:GPU:0");
    y = v_ * 3.0f;
  }
  const Output f = function_op(doubled, {y}, float32);
  {
    const ScopeGuard gpu = device("/device:GPU:0");
    z = f + 1.0f;
  }
  EXPECT_EQ(session.run(z, {{v_, Tensor({1.0f, 2.0f})}}), Tensor({7.0f, 13.0f}));
}

TEST_F(FunctionOpTest, GradientsStopAtOneThatHasNone) {
  const Output y = function_op(doubled, {v_}, float32, {.shapes = {v_.shape()}});
  EXPECT_FALSE(gradients({y}, {v_})[0]);
}

TEST_F(FunctionOpTest, HasTheGradientThatItIsGiven) {
  const std::vector<Output> both = function_op(
      [](const Values& in) -> Values {
        return {doubled(in), Tensor(in[0].scalar<float>() + in[1].scalar<float>())};
      },
      {x_, x_ * x_}, {float32, float32},
      {.shapes = {{}, {}}, .gradient = [](const Operation& op, const std::vector<Output>& dy) {
         EXPECT_EQ(op.type(), "PyFunc");
         return std::vector<Output>{dy[0] * 2.0f + dy[1], dy[1]};
       }});
  const Feeds feeds = {{x_, Tensor(3.0f)}};
  EXPECT_EQ(number(gradients({both[0] * 5.0f}, {x_})[0], feeds), 10.0f);  // zeros for the other
  EXPECT_EQ(number(gradients({both[0] + both[1]}, {x_})[0], feeds), 3 + 6);
}

TEST_F(FunctionOpTest, AGradientMustGiveOneForEachInput) {
  const Output y = function_op(doubled, {v_}, float32,
                               {.gradient = [](const Operation&, const std::vector<Output>&) {
                                 return std::vector<Output>();
                               }});
  EXPECT_ERROR(gradients({y}, {v_}), ValueError, bad_argument,
               "Num gradients 0 generated for op 'PyFunc' do not match num inputs 1");
}

TEST_F(FunctionOpTest, WhatItThrowsEndsTheRun) {
  const Feeds feeds = {{x_, Tensor(1.0f)}};
  const auto with = [&](auto thrown) {
    return function_op([=](const Values&) -> Tensor { throw thrown; }, {x_}, float32,
                       {.name = "fails"});
  };
  const Output standard = with(std::out_of_range("there is no third row"));
  EXPECT_ERROR(run(standard, feeds), RuntimeError, function_failed,
               "The function threw: there is no third row\n  in 'fails' (PyFunc), made at ");
  EXPECT_ERROR(run(standard, feeds), RuntimeError, function_failed, "function_op_test.cc:");
  EXPECT_ERROR(run(with(7), feeds), RuntimeError, function_failed, "no std::exception");
  EXPECT_ERROR(run(with(NotFoundError(ErrorKind::no_such_file, "no such book")), feeds),
               NotFoundError, no_such_file, "no such book\n  in 'fails_2' (PyFunc), made at ");
  EXPECT_EQ(run(x_, feeds).scalar<float>(), 1.0f);  // the session goes on
}

TEST_F(FunctionOpTest, RefusesResultsThatWerentDeclared) {
  const Feeds feeds = {{v_, Tensor({1.0f, 2.0f})}};
  const auto returning = [&](const Values& values) {
    return function_op([=](const Values&) { return values; }, {v_}, {float32},
                       {.shapes = {{2}}})[0];
  };
  EXPECT_ERROR(run(returning({}), feeds), InvalidArgumentError, function_failed,
               "returned 0 values, but was declared to return 1");
  EXPECT_ERROR(run(returning({Tensor({1, 2})}), feeds), InvalidArgumentError, function_failed,
               "result 0 is of int32, but was declared to be of float32");
  EXPECT_ERROR(run(returning({Tensor(1.0f)}), feeds), InvalidArgumentError, function_failed,
               "result 0 has shape (), but was declared to have (2,)");
  EXPECT_ERROR(run(returning({Tensor()}), feeds), InvalidArgumentError, function_failed,
               "result 0 is empty");
}

TEST_F(FunctionOpTest, RefusesWhatItCantBeMadeOf) {
  EXPECT_ERROR(function_op(TensorFunction(), {v_}, {float32}), ValueError, bad_argument,
               "The function is empty");
  EXPECT_ERROR(function_op(doubled, {v_}, float32, {.shapes = {{1}, {2}}}), ValueError,
               bad_argument, "There are 2 shapes for 1 results");
}

}  // namespace
}  // namespace tenon
