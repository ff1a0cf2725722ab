// The updates that optimizers make, each against its formula, for reference and resource variables.

#include <algorithm>
#include <cmath>

#include "core/graph/builder.h"
#include "tenon/initializers.h"
#include "tenon/ops.h"
#include "tenon/variable_scope.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using internal::InputList;

struct Update {
  const char* type;
  std::vector<Numbers> written;  // the variable's and the slots' values before
  std::vector<double> numbers;   // what is read: numbers,
  int gradient;                  // and the gradient, in this place among them
  std::function<std::vector<double>(std::vector<double> written, double g)> plain;
  internal::AttrMap attrs = {};
};

const Numbers kGradient = {0.5, -2.0, 0.0};

// Runs the update once and compares what it wrote with the formula, element by element.
void expect_update(const Update& update, bool resource) {
  SCOPED_TRACE(update.type);
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  std::vector<Variable> variables;
  std::vector<InputList> inputs;
  for (size_t i = 0; i < update.written.size(); ++i) {
    variables.push_back(get_variable("v" + std::to_string(i), {.shape = {3},
                                                               .dtype = float64,
                                                               .initializer = zeros_initializer(),
                                                               .use_resource = resource}));
    inputs.emplace_back(variables.back().handle());
  }
  for (size_t i = 0; i < update.numbers.size(); ++i) {
    if (static_cast<int>(i) == update.gradient) {
      inputs.emplace_back(constant(Tensor::from<double>(kGradient, {3})));
    }
    inputs.emplace_back(constant(Tensor(update.numbers[i])));
  }
  if (update.gradient == static_cast<int>(update.numbers.size())) {
    inputs.emplace_back(constant(Tensor::from<double>(kGradient, {3})));
  }
  const Operation op = internal::add_operation(
      (resource ? "Resource" : "") + std::string(update.type), inputs, {.attrs = update.attrs});
  Session session;
  session.run(global_variables_initializer());
  for (size_t i = 0; i < variables.size(); ++i) {
    session.run(variables[i].assign(Tensor::from<double>(update.written[i], {3})));
  }
  session.run(op);
  std::vector<Numbers> expected(variables.size());
  for (size_t j = 0; j < kGradient.size(); ++j) {
    std::vector<double> before;
    for (const Numbers& values : update.written) before.push_back(values[j]);
    const std::vector<double> after = update.plain(before, kGradient[j]);
    for (size_t i = 0; i < after.size(); ++i) expected[i].push_back(after[i]);
  }
  for (size_t i = 0; i < variables.size(); ++i) {
    SCOPED_TRACE("written input " + std::to_string(i));
    expect_near(session.run(variables[i]), expected[i], 1e-12);
  }
}

const Numbers kVar = {1, -1, 0.5}, kSlot = {0.1, 0.2, 0.3}, kOther = {0.4, 0.05, 0.6};

TEST(TrainingOpsTest, FollowTheirFormulas) {
  using Values = std::vector<double>;
  const Update updates[] = {
      {"ApplyGradientDescent",
       {kVar},
       {0.1},
       1,
       [](Values v, double g) { return Values{v[0] - 0.1 * g}; }},
      {"ApplyMomentum",
       {kVar, kSlot},
       {0.1, 0.9},
       1,
       [](Values v, double g) {
         const double accum = 0.9 * v[1] + g;
         return Values{v[0] - 0.1 * accum, accum};
       }},
      {"ApplyMomentum",
       {kVar, kSlot},
       {0.1, 0.9},
       1,
       [](Values v, double g) {
         const double accum = 0.9 * v[1] + g;
         return Values{v[0] - 0.1 * g - 0.1 * 0.9 * accum, accum};
       },
       {{"use_nesterov", true}}},
      {"ApplyAdam",
       {kVar, kSlot, kOther},
       {0.81, 0.998, 0.01, 0.9, 0.999, 1e-8},
       6,
       [](Values v, double g) {
         const double m = 0.9 * v[1] + 0.1 * g, s = 0.999 * v[2] + 0.001 * g * g;
         const double rate = 0.01 * std::sqrt(1 - 0.998) / (1 - 0.81);
         return Values{v[0] - rate * m / (std::sqrt(s) + 1e-8), m, s};
       }},
      {"ApplyAdagrad",
       {kVar, kSlot},
       {0.1},
       1,
       [](Values v, double g) {
         const double accum = v[1] + g * g;
         return Values{v[0] - 0.1 * g / std::sqrt(accum), accum};
       }},
      {"ApplyAdadelta",
       {kVar, kSlot, kOther},
       {0.1, 0.95, 1e-3},
       3,
       [](Values v, double g) {
         const double accum = 0.95 * v[1] + 0.05 * g * g;
         const double step = std::sqrt(v[2] + 1e-3) / std::sqrt(accum + 1e-3) * g;
         return Values{v[0] - 0.1 * step, accum, 0.95 * v[2] + 0.05 * step * step};
       }},
      {"ApplyRMSProp",
       {kVar, kSlot, kOther},
       {0.1, 0.9, 0.5, 1e-3},
       4,
       [](Values v, double g) {
         const double ms = 0.9 * v[1] + 0.1 * g * g;
         const double mom = 0.5 * v[2] + 0.1 * g / std::sqrt(ms + 1e-3);
         return Values{v[0] - mom, ms, mom};
       }},
      {"ApplyCenteredRMSProp",
       {kVar, kSlot, kOther, kVar},
       {0.1, 0.9, 0.5, 1e-3},
       4,
       [](Values v, double g) {
         const double mg = 0.9 * v[1] + 0.1 * g, ms = 0.9 * v[2] + 0.1 * g * g;
         const double mom = 0.5 * v[3] + 0.1 * g / std::sqrt(ms - mg * mg + 1e-3);
         return Values{v[0] - mom, mg, ms, mom};
       }},
      {"ApplyFtrl",
       {kVar, kSlot, kOther},
       {0.1, 0.2, 0.3, -0.5},
       0,
       [](Values v, double g) {
         const double accum = v[1] + g * g;
         const double sigma = (std::sqrt(accum) - std::sqrt(v[1])) / 0.1;
         const double linear = v[2] + g - sigma * v[0];
         const double x = std::copysign(0.2, linear) - linear;
         const double y = std::sqrt(accum) / 0.1 + 2 * 0.3;
         return Values{std::abs(linear) > 0.2 ? x / y : 0, accum, linear};
       }},
      {"ApplyProximalGradientDescent",
       {kVar},
       {0.1, 0.2, 0.3},
       3,
       [](Values v, double g) {
         const double moved = v[0] - 0.1 * g;
         return Values{std::copysign(std::max(std::abs(moved) - 0.02, 0.0), moved) / 1.03};
       }},
      {"ApplyProximalAdagrad",
       {kVar, kSlot},
       {0.1, 0.2, 0.3},
       3,
       [](Values v, double g) {
         const double accum = v[1] + g * g, rate = 0.1 / std::sqrt(accum);
         const double moved = v[0] - rate * g;
         const double left = std::max(std::abs(moved) - rate * 0.2, 0.0);
         return Values{std::copysign(left, moved) / (1 + rate * 0.3), accum};
       }},
  };
  for (const Update& update : updates) {
    for (const bool resource : {false, true}) expect_update(update, resource);
  }
}

TEST(TrainingOpsTest, RefuseGradientsOfAnotherShapeOrDtype) {
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Variable w = get_variable("w", {.shape = {3}});
  const auto descend = [&](const Output& delta) {
    return internal::add_operation("ApplyGradientDescent", {w.handle(), Input(0.1f), delta});
  };
  EXPECT_ERROR(descend(zeros({4})), ValueError, shape_incompatible, "(4,)");
  EXPECT_ERROR(descend(zeros({3}, float64)), TypeError, dtype_incompatible, "float64");
  EXPECT_ERROR(
      internal::add_operation("ApplyGradientDescent", {zeros({3}), Input(0.1f), zeros({3})}),
      TypeError, dtype_incompatible, "variable");
}

TEST(StateTest, AddsScattersAndCounts) {
  for (const bool resource : {false, true}) {
    Graph graph;
    const ScopeGuard as_default = graph.as_default();
    const Variable w = get_variable(
        "w", {.shape = {3, 2}, .initializer = zeros_initializer(), .use_resource = resource});
    const Variable n = get_variable("n", {.shape = {},
                                          .dtype = int32,
                                          .initializer = zeros_initializer(),
                                          .use_resource = resource});
    Session session;
    session.run(global_variables_initializer());
    session.run(w.assign_add(ones({3, 2})));
    session.run(w.assign_sub(constant({{0.5f, 0.5f}, {0.0f, 0.0f}, {0.0f, 1.0f}})));
    expect_near(session.run(w), {0.5, 0.5, 1, 1, 1, 0});
    const std::string prefix = resource ? "ResourceScatter" : "Scatter";
    const auto scatter = [&](const char* kind, const Output& indices, const Output& updates) {
      return internal::add_operation(prefix + kind, {w.handle(), indices, updates});
    };
    const Output rows = constant({{1.0f, 2.0f}, {3.0f, 4.0f}});
    session.run(scatter("Add", constant({2, 2}), rows));
    expect_near(session.run(w), {0.5, 0.5, 1, 1, 5, 6});
    session.run(scatter("Sub", constant({0}), constant(0.5f)));
    session.run(scatter("Update", constant({1, 0}), rows));
    expect_near(session.run(w), {3, 4, 1, 2, 5, 6});
    EXPECT_ERROR(scatter("Add", constant({0, 1}), constant({{1.0f, 2.0f}})), ValueError,
                 shape_incompatible, "updates.shape");
    const Output next = n.count_up_to(2);
    expect_near(session.run(next), {0});
    expect_near(session.run(next), {1});
    EXPECT_ERROR(session.run(next), OutOfRangeError, limit_reached, "2");
  }
}

// A GPU passes over it.
TEST(StateTest, RejectsARowThatTheVariableLacksOnTheCpu) {
  for (const bool resource : {false, true}) {
    Graph graph;
    const ScopeGuard as_default = graph.as_default(), there = device("/cpu:0");
    const Variable w = get_variable(
        "w", {.shape = {3, 2}, .initializer = ones_initializer(), .use_resource = resource});
    const Operation added = internal::add_operation(resource ? "ResourceScatterAdd" : "ScatterAdd",
                                                    {w.handle(), constant({0, 3}), constant(1.0f)});
    Session session;
    session.run(global_variables_initializer());
    EXPECT_ERROR(session.run(added), InvalidArgumentError, index_out_of_range,
                 "indices[1] = 3 is not in [0, 3)");
    expect_near(session.run(w), {1, 1, 1, 1, 1, 1});
  }
}

}  // namespace
}  // namespace tenon::testing
