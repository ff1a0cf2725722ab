#include "core/plan/plan_graph.h"

#include <gtest/gtest.h>

#include "core/plan/passes.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

// Built by hand, of nodes of a graph.
class PlanGraphTest : public ::testing::Test {
 protected:
  static const Node& node(const Output& output) { return *output.op().node(); }
  std::vector<OpId> order() const { return {plan_.ops().begin(), plan_.ops().end()}; }

  // An operation of one output that reads these.
  OpId add(const Node& node, const std::vector<ValueId>& inputs) {
    const OpId op = plan_.add_op(node);
    for (const ValueId input : inputs) plan_.add_input(op, input);
    plan_.add_output(op, {float32, {2}});
    return op;
  }
  ValueId made(OpId op) const { return plan_.op(op).output(); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {2}, {.name = "x"});
  Output y_ = square(x_, {.name = "y"}), z_ = exp(x_, {.name = "z"});
  PlanGraph plan_;
};

TEST_F(PlanGraphTest, PutsWhatAnOperationDependsOnBeforeIt) {
  const OpId x = add(node(x_), {}), y = add(node(y_), {made(x)}), z = add(node(z_), {made(x)});
  plan_.add_control(y, z);
  EXPECT_ERROR(plan_.verify("a test"), RuntimeError, bad_argument,
               "comes before what it depends on");
  plan_.tidy();
  EXPECT_EQ(order(), (std::vector<OpId>{x, z, y}));
  plan_.verify("a test");
}

TEST_F(PlanGraphTest, KeepsTheOrderOfMakingWhereItHolds) {
  const OpId x = add(node(x_), {}), y = add(node(y_), {made(x)}), z = add(node(z_), {made(x)});
  plan_.tidy();
  EXPECT_EQ(order(), (std::vector<OpId>{x, y, z}));
}

TEST_F(PlanGraphTest, ListsNoOperationThatWasErased) {
  const OpId x = add(node(x_), {}), y = add(node(y_), {made(x)});
  plan_.erase(y);
  EXPECT_ERROR(plan_.verify("a test"), RuntimeError, bad_argument, "was erased");
  plan_.tidy();
  EXPECT_EQ(order(), std::vector<OpId>{x});
  plan_.verify("a test");
}

TEST_F(PlanGraphTest, RefusesTheUseOfWhatWasErased) {
  const OpId x = add(node(x_), {});
  add(node(y_), {made(x)});
  plan_.erase(x);
  plan_.tidy();
  EXPECT_ERROR(plan_.verify("a test"), RuntimeError, bad_argument, "'y' (Square)");
}

TEST_F(PlanGraphTest, ErasesAllButWhatIsKept) {
  const OpId x = add(node(x_), {}), y = add(node(y_), {made(x)}), z = add(node(z_), {made(x)});
  plan_.add_control(z, y);
  IdVector<OpId, bool> kept(plan_.op_count(), true);
  kept[y] = false;
  plan_.erase_all_but(kept);
  plan_.tidy();
  EXPECT_EQ(order(), (std::vector<OpId>{x, z}));
  EXPECT_TRUE(plan_.op(z).controls().empty());
}

// A value has a shape of its own wherever it lies; whose memory it is has none.
TEST_F(PlanGraphTest, AViewHasItsOwnShapeInAnothersMemory) {
  const OpId x = add(node(x_), {}), y = add(node(y_), {made(x)});
  plan_.value(made(y)).shape = {1, 2};
  plan_.pass_on(made(y), made(x));
  EXPECT_EQ(plan_.owner_id(made(y)), plan_.owner_id(made(x)));
  EXPECT_EQ(plan_.stored(made(y)).shape, Shape({1, 2}));
  EXPECT_EQ(plan_.stored(made(x)).shape, Shape({2}));
  const OpId copy = plan_.insert_copy(made(y), node(y_));
  EXPECT_EQ(plan_.value(made(copy)).shape, Shape({1, 2}));
  EXPECT_NE(plan_.owner_id(made(copy)), plan_.owner_id(made(x)));
}

TEST_F(PlanGraphTest, WhatLiesBehindAHandleIsItsVariablesValue) {
  const Variable v = get_variable("v", {.shape = {3}, .dtype = float64, .use_resource = true});
  const Node& handle = node(v.handle());
  const OpId op = plan_.add_op(handle);
  plan_.set_variable(plan_.add_output(op, {DType::resource, {3}}), plan_.add_variable(handle));
  EXPECT_EQ(plan_.stored(made(op)).dtype, float64);
  EXPECT_EQ(plan_.bytes_of(made(op)), 3 * sizeof(double));
}

TEST_F(PlanGraphTest, AnOperationThatBecomesItsProducerWaitsForWhatThatWaitedFor) {
  const OpId x = add(node(x_), {}), y = add(node(y_), {made(x)}), z = add(node(z_), {made(y)});
  plan_.add_control(y, x);
  plan_.become(z, y);
  plan_.tidy();
  EXPECT_EQ(order(), (std::vector<OpId>{x, z}));
  EXPECT_EQ(plan_.op(z).node, &node(y_));
  EXPECT_EQ(plan_.op(z).input(0), made(x));
  EXPECT_EQ(plan_.op(z).controls().size(), 1u);
  plan_.verify("a test");
}

}  // namespace
}  // namespace tenon::internal
