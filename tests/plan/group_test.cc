// Updates of variables that are joined into one step, on GPUs: that they are, and stay apart where
// one needs another, and that not a bit of what they give changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tenon/tenon.h"

namespace tenon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Tensor wave(const Shape& shape, double start) {
  Tensor tensor(float32, shape);
  for (float& one : tensor.mutable_data<float>()) {
    one = static_cast<float>(std::sin(start += 0.37));
  }
  return tensor;
}

// For reference and resource variables.
class GroupTest : public ::testing::TestWithParam<bool> {
 protected:
  static Session on_cpu() { return Session({.device_count = {{"GPU", 0}}}); }
  static Session on_gpu() { return Session({.device_count = {{"GPU", 1}}, .emulated_gpus = 1}); }

  static Variable variable(const Shape& shape, double start) {
    return Variable(wave(shape, start), {.use_resource = GetParam()});
  }

  // What all variables are after some steps.
  static std::vector<Tensor> after_steps(Session session, const std::vector<Fetch>& step) {
    session.run(global_variables_initializer());
    for (int i = 0; i < 4; ++i) session.run(step);
    std::vector<Fetch> fetches;
    for (const Variable& one : global_variables()) fetches.emplace_back(one);
    return session.run(fetches);
  }

  static void expect_as_on_cpu(const std::vector<Fetch>& step, const std::string& joined) {
    EXPECT_THAT(on_gpu().plan_text(step, {}), HasSubstr(joined));
    EXPECT_THAT(on_cpu().plan_text(step, {}), Not(HasSubstr(" times ")));
    EXPECT_EQ(after_steps(on_gpu(), step), after_steps(on_cpu(), step));
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_P(GroupTest, AnOptimizerUpdatesItsVariablesAtOnce) {
  Output loss = constant(0.0f);
  for (const Shape& shape : {Shape{3}, Shape{40, 50}, Shape{2, 2}, Shape{7, 1}}) {
    loss = loss + reduce_sum(square(variable(shape, 0.1) - 0.25f));
  }
  expect_as_on_cpu({train::AdamOptimizer().minimize(loss)}, ": 4 times ");
}

TEST_P(GroupTest, OthersSeeWhatIsWritten) {
  const Variable a = variable({5}, 0.2), b = variable({6, 2}, 0.9), c = variable({}, 0.4);
  const Operation all = group({a.assign_add(ones({5})), b.assign_add(ones({6, 2}))});
  const Output sum = [&] {
    const ScopeGuard after = control_dependencies({all});
    return c.assign(reduce_sum(a.read_value()) + reduce_sum(b.read_value()));
  }();
  expect_as_on_cpu({sum, all}, ": 2 times ");
}

TEST_P(GroupTest, WhatReadsAnothersVariableStaysApart) {
  const Variable a = variable({100}, 0.2), b = variable({100}, 0.7);
  const Output first = a.assign_add(b.read_value());
  const Output second = [&] {
    const ScopeGuard after = control_dependencies({first});
    return b.assign_add(a.read_value());
  }();
  EXPECT_THAT(on_gpu().plan_text({first.op(), second.op()}, {}), Not(HasSubstr(" times ")));
  EXPECT_EQ(after_steps(on_gpu(), {first.op(), second.op()}),
            after_steps(on_cpu(), {first.op(), second.op()}));
}

TEST_P(GroupTest, OneVariableIsUpdatedTwiceInOrder) {
  const Variable a = variable({8}, 0.2);
  const Output first = a.assign_add(ones({8}));
  const Output second = [&] {
    const ScopeGuard after = control_dependencies({first});
    return a.assign_add(ones({8}) * 2.0f);
  }();
  EXPECT_THAT(on_gpu().plan_text({second.op()}, {}), Not(HasSubstr(" times ")));
  EXPECT_EQ(after_steps(on_gpu(), {second.op()}), after_steps(on_cpu(), {second.op()}));
}

// What comes between them does nothing when it runs, and has an order all the same.
TEST_P(GroupTest, AnUpdateBehindAnotherOneStaysApart) {
  const Variable a = variable({8}, 0.2), b = variable({9}, 0.5);
  const Operation first = a.assign_add(ones({8})).op(), between = [&] {
    const ScopeGuard after = control_dependencies({first});
    return no_op();
  }();
  const Output second = [&] {
    const ScopeGuard after = control_dependencies({between});
    return b.assign_add(ones({9}));
  }();
  const std::vector<Fetch> step = {between, second.op()};
  EXPECT_THAT(on_gpu().plan_text(step, {}), Not(HasSubstr(" times ")));
  EXPECT_EQ(after_steps(on_gpu(), step), after_steps(on_cpu(), step));
}

TEST_P(GroupTest, VariablesOfNoElementsAreLeftOut) {
  const Variable a = variable({4}, 0.2), none = variable({0, 3}, 0), b = variable({2}, 0.7);
  std::vector<Fetch> step;
  for (const Variable& one : {a, none, b}) step.emplace_back(one.assign_add(ones_like(one)).op());
  expect_as_on_cpu(step, ": 2 times ");
}

INSTANTIATE_TEST_SUITE_P(BothKinds, GroupTest, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "Resource" : "Reference"; });

}  // namespace
}  // namespace tenon
