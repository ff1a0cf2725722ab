// Gradients of the program's own: of functions, and of operations by their type.
#include "tenon/custom_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using List = std::vector<Output>;

class CustomGradientTest : public ::testing::Test {
 protected:
  float number(const Fetch& fetch, const Feeds& feeds = {}) {
    return session_.run(fetch, feeds).scalar<float>();
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Session session_{graph_};
  Output x_ = placeholder(float32, {});
};

// TensorFlow's own example: log(1 + e^x), whose gradient is NaN for large x without this.
CustomGradient log1pexp(const List& in) {
  const Output e = exp(in[0]);
  return {{log(1.0f + e)},
          [e](const List& dy) { return List{dy[0] * (1.0f - 1.0f / (1.0f + e))}; }};
}

TEST_F(CustomGradientTest, IsWhatTheFunctionSays) {
  const Output y = custom_gradient(log1pexp, {x_})[0];
  const Output own = gradients({y}, {x_})[0];
  EXPECT_FLOAT_EQ(number(y, {{x_, Tensor(0.5f)}}), std::log1p(std::exp(0.5f)));
  EXPECT_FLOAT_EQ(number(own, {{x_, Tensor(0.5f)}}), 1.0f - 1.0f / (1.0f + std::exp(0.5f)));
  EXPECT_EQ(number(own, {{x_, Tensor(100.0f)}}), 1.0f);
  const Output plain = gradients({log(1.0f + exp(x_))}, {x_})[0];
  EXPECT_TRUE(std::isnan(number(plain, {{x_, Tensor(100.0f)}})));
}

TEST_F(CustomGradientTest, IsPartOfALongerWay) {
  const Output y = custom_gradient(log1pexp, {x_ * 2.0f})[0] * 3.0f;
  EXPECT_EQ(number(gradients({y}, {x_})[0], {{x_, Tensor(100.0f)}}), 6.0f);
}

TEST_F(CustomGradientTest, TakesSeveralInputsAndGivesSeveralResults) {
  const Output k = constant(7);
  const List both = custom_gradient(
      [](const List& in) -> CustomGradient {
        return {{in[0] * in[1], cast(in[2], float32) + in[0]}, [](const List& dy) {
                  return List{dy[0] * 10.0f + dy[1] * 100.0f, Output(), Output()};
                }};
      },
      {x_, x_ * x_, k});
  const Feeds feeds = {{x_, Tensor(2.0f)}};
  EXPECT_EQ(number(both[0], feeds), 8.0f);
  EXPECT_EQ(number(both[1], feeds), 9.0f);
  EXPECT_EQ(number(gradients({both[0] + both[1]}, {x_})[0], feeds), 110.0f);
  EXPECT_EQ(number(gradients({both[0]}, {x_})[0], feeds), 10.0f);  // zeros for the other
}

TEST_F(CustomGradientTest, GoesByTheVariablesThatTheFunctionUses) {
  for (const bool resource : {false, true}) {
    const std::string scope_name = resource ? "resource" : "reference";
    const auto scope = variable_scope(scope_name, {.use_resource = resource});
    std::vector<std::string> seen;
    const Output y = custom_gradient(
        [](const List& in) -> CustomGradient {
          const auto one = constant_initializer(1.0f), two = constant_initializer(2.0f);
          const Variable w = get_variable("w", {.shape = Shape(), .initializer = two});
          const Variable b = get_variable("b", {.shape = Shape(), .initializer = one});
          return {.results = {in[0] * w + b},
                  .gradient_by_variables = [](const List& dy, const std::vector<Variable>& by) {
                    List of_variables;
                    for (size_t i = 0; i < by.size(); ++i) {
                      of_variables.push_back(dy[0] * static_cast<float>(i + 1));
                    }
                    return GradientsByVariables{{dy[0] * 5.0f}, of_variables};
                  }};
        },
        {x_})[0];
    session_.run(global_variables_initializer());
    const Feeds feeds = {{x_, Tensor(3.0f)}};
    EXPECT_EQ(number(y, feeds), 7.0f);
    const std::vector<Variable> by = trainable_variables(scope_name + "/");
    ASSERT_EQ(by.size(), 2u);
    EXPECT_EQ(by[0].name(), scope_name + "/w:0");
    const List d = gradients({y * 2.0f}, {x_, by[0], by[1]});
    EXPECT_EQ(number(d[0], feeds), 10.0f);
    EXPECT_EQ(number(d[1], feeds), 4.0f);  // by name: b is first
    EXPECT_EQ(number(d[2], feeds), 2.0f);
    train::GradientDescentOptimizer sgd({.learning_rate = 1.0});
    session_.run(sgd.minimize(y * 2.0f, {.var_list = by}), feeds);
    EXPECT_EQ(number(by[0]), -2.0f);
    EXPECT_EQ(number(by[1]), -1.0f);
  }
}

TEST_F(CustomGradientTest, WorksInBranchesAndLoops) {
  const auto straight_through = [](const Output& x) {
    return custom_gradient(
        [](const List& in) -> CustomGradient {
          return {{round(in[0])}, [](const List& dy) { return dy; }};
        },
        {x})[0];
  };
  const Output y = cond(
      x_ > 0.0f, [&] { return straight_through(x_ * 3.0f); }, [&] { return x_; });
  const Output dy = gradients({y}, {x_})[0];
  EXPECT_EQ(number(y, {{x_, Tensor(0.5f)}}), 2.0f);
  EXPECT_EQ(number(dy, {{x_, Tensor(0.5f)}}), 3.0f);
  EXPECT_EQ(number(dy, {{x_, Tensor(-0.5f)}}), 1.0f);
  const Output last = while_loop([](Output i, Output) { return i < 3; },
                                 [&](Output i, Output z) -> Returned {
                                   return {i + 1, straight_through(z * 1.5f)};
                                 },
                                 {0, x_})[1];
  EXPECT_EQ(number(last, {{x_, Tensor(1.0f)}}), 4.0f);  // 1.5: 2, 3: 3, 4.5: 4
  EXPECT_EQ(number(gradients({last}, {x_})[0], {{x_, Tensor(1.0f)}}), 3.375f);
}

TEST_F(CustomGradientTest, RefusesWhatDoesntFit) {
  const auto nothing = [](const List&) -> CustomGradient { return {}; };
  EXPECT_ERROR(custom_gradient(nothing, {x_}), ValueError, bad_argument, "must give a result");
  const auto no_gradient = [](const List& in) -> CustomGradient { return {{in[0] + 1.0f}}; };
  EXPECT_ERROR(custom_gradient(no_gradient, {x_}), ValueError, bad_argument,
               "must give a gradient");
  const auto too_many = [](const List& in) -> CustomGradient {
    return {{in[0] + 1.0f}, [](const List& dy) { return List{dy[0], dy[0]}; }};
  };
  const Output y = custom_gradient(too_many, {x_})[0];
  EXPECT_ERROR(gradients({y}, {x_}), ValueError, bad_argument, "gave 2 gradients for 1 inputs");
  const auto uses_variable = [](const List& in) -> CustomGradient {
    return {{in[0] * get_variable("w", {.shape = Shape()})}, [](const List& dy) { return dy; }};
  };
  EXPECT_ERROR(custom_gradient(uses_variable, {x_}), TypeError, bad_argument,
               "uses variables, and so must give gradient_by_variables: w:0");
}

// Springenberg's guided backpropagation: a relu that lets no negative gradient through.
List guided(const Operation& op, const List& dy) {
  return {nn::relu(dy[0]) * cast(op.output(0) > 0.0f, float32)};
}

TEST_F(CustomGradientTest, LeavesNothingWhereItThrows) {
  const size_t before = graph_.operations().size();
  const auto throws = [](const List& in) -> CustomGradient {
    static_cast<void>(exp(in[0]));
    throw std::runtime_error("not today");
  };
  EXPECT_THROW(custom_gradient(throws, {x_}), std::runtime_error);
  EXPECT_EQ(graph_.operations().size(), before);
}

TEST_F(CustomGradientTest, OverridesThatOfOperationsByTheirType) {
  register_gradient("GuidedRelu", guided);
  Output y, outside = nn::relu(x_);
  {
    const ScopeGuard overrides = gradient_override_map({{"Relu", "GuidedRelu"}});
    y = nn::relu(x_) * 1.0f;
  }
  const Feeds feeds = {{x_, Tensor(2.0f)}};
  EXPECT_EQ(number(gradients({y * -1.0f}, {x_})[0], feeds), 0.0f);
  EXPECT_EQ(number(gradients({y * 3.0f}, {x_})[0], feeds), 3.0f);
  EXPECT_EQ(number(gradients({outside * -1.0f}, {x_})[0], feeds), -1.0f);
  EXPECT_EQ(number(gradients({nn::relu(x_) * -1.0f}, {x_})[0], feeds), -1.0f);
}

TEST_F(CustomGradientTest, TheInnermostOverrideCounts) {
  register_gradient("Tenfold",
                    [](const Operation&, const List& dy) { return List{dy[0] * 10.0f}; });
  register_gradient("Hundredfold",
                    [](const Operation&, const List& dy) { return List{dy[0] * 100.0f}; });
  const ScopeGuard outer = gradient_override_map({{"Square", "Tenfold"}, {"Neg", "Tenfold"}});
  const ScopeGuard inner = gradient_override_map({{"Square", "Hundredfold"}});
  const Feeds feeds = {{x_, Tensor(2.0f)}};
  EXPECT_EQ(number(gradients({square(x_)}, {x_})[0], feeds), 100.0f);
  EXPECT_EQ(number(gradients({-x_}, {x_})[0], feeds), 10.0f);
}

TEST_F(CustomGradientTest, NamesWhatIsntRegistered) {
  const ScopeGuard overrides = gradient_override_map({{"Square", "Unheard"}});
  const Output y = square(x_, {.name = "y"});
  EXPECT_EQ(number(y, {{x_, Tensor(2.0f)}}), 4.0f);
  EXPECT_ERROR(gradients({y}, {x_}), UnimplementedError, bad_argument,
               "No gradient is registered under the name 'Unheard', which operation 'y' (op type: "
               "Square) asks for");
  register_gradient("Twice", guided);
  EXPECT_ERROR(register_gradient("Twice", guided), KeyError, already_exists,
               "Registering two gradients with name 'Twice'");
  EXPECT_ERROR(register_gradient("None", {}), ValueError, bad_argument, "is empty");
}

TEST_F(CustomGradientTest, IdentityNHandsAllOn) {
  const List all = identity_n({x_, 3, x_ * 2.0f}, {.name = "all"});
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].dtype(), int32);
  EXPECT_EQ(all[2].name(), "all:2");
  EXPECT_EQ(all[2].shape(), Shape());
  const Feeds feeds = {{x_, Tensor(2.0f)}};
  EXPECT_EQ(number(all[2] + all[0], feeds), 6.0f);
  EXPECT_EQ(session_.run(all[1] + 1, feeds).scalar<int32_t>(), 4);
  EXPECT_EQ(number(gradients({all[0] + all[2]}, {x_})[0], feeds), 3.0f);
}

}  // namespace
}  // namespace tenon
