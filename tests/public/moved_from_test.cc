// Handles that were moved from, and outputs that an operation doesn't have: errors, never a crash.
#include <gtest/gtest.h>

#include <utility>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::test {
namespace {

// To use what was moved from is what is tried here.
// NOLINTBEGIN(bugprone-use-after-move)

TEST(MovedFromTest, AGraphIsNoGraphAnyMore) {
  Graph graph;
  const Graph moved(std::move(graph));
  EXPECT_MOVED_FROM(graph.operations());
  EXPECT_MOVED_FROM(graph.operation("x"));
  EXPECT_MOVED_FROM(graph.tensor("x:0"));
  EXPECT_MOVED_FROM(graph.tensor("x"));
  EXPECT_MOVED_FROM(graph.finalize());
  EXPECT_MOVED_FROM(graph.finalized());
  EXPECT_MOVED_FROM(graph.unique_name("x"));
  EXPECT_MOVED_FROM(graph.name_scope());
  EXPECT_MOVED_FROM(graph.set_seed(1));
  EXPECT_MOVED_FROM(graph.seed());
  EXPECT_MOVED_FROM(graph.enter_as_default());
  EXPECT_MOVED_FROM(graph.as_default());
  EXPECT_MOVED_FROM(Session{graph});
  EXPECT_FALSE(graph == moved);
  EXPECT_TRUE(moved.operations().empty());
  graph = moved;
  EXPECT_TRUE(graph.operations().empty());
}

TEST(MovedFromTest, ATemplateIsNoTemplateAnyMore) {
  const Graph graph;
  auto as_default = graph.as_default();
  auto twice = make_template("twice", [](const Output& x) { return x * 2.0f; });
  const auto moved = std::move(twice);
  EXPECT_MOVED_FROM(twice(constant(1.0f)));
  EXPECT_MOVED_FROM(twice.name());
  EXPECT_MOVED_FROM(twice.variable_scope());
  EXPECT_MOVED_FROM(twice.variable_scope_name());
  EXPECT_MOVED_FROM(twice.variables());
  EXPECT_MOVED_FROM(twice.global_variables());
  EXPECT_MOVED_FROM(twice.local_variables());
  EXPECT_MOVED_FROM(twice.trainable_variables());
  EXPECT_MOVED_FROM(twice.non_trainable_variables());
  EXPECT_EQ(moved(constant(1.0f)).dtype(), float32);
}

TEST(MovedFromTest, ATensorIsEmpty) {
  Tensor tensor({1.0f, 2.0f});
  Tensor moved(std::move(tensor));
  const auto expect_empty = [](Tensor& empty) {
    EXPECT_FALSE(empty);
    EXPECT_EQ(empty.element_count(), 0);
    EXPECT_EQ(empty.bytes(), 0u);
    EXPECT_EQ(empty.dtype(), DType::invalid);
    EXPECT_EQ(empty.shape(), Shape());
    EXPECT_ERROR(empty.data<float>(), FailedPreconditionError, bad_argument, "empty");
    EXPECT_ERROR(empty.mutable_data<float>(), FailedPreconditionError, bad_argument, "empty");
    EXPECT_ERROR(empty.scalar<float>(), FailedPreconditionError, bad_argument, "empty");
    EXPECT_ERROR(empty.reshaped({2}), FailedPreconditionError, bad_argument, "empty");
    EXPECT_FALSE(empty.clone());
  };
  expect_empty(tensor);
  EXPECT_EQ(moved.data<float>()[1], 2.0f);
  tensor = std::move(moved);
  expect_empty(moved);
  EXPECT_EQ(tensor.shape(), Shape{2});
  Tensor never;
  expect_empty(never);
}

TEST(MovedFromTest, OutputsOperationsAndVariablesAreEmpty) {
  const Graph graph;
  auto as_default = graph.as_default();
  Output output = constant(1.0f);
  const Output moved = std::move(output);
  EXPECT_ERROR(output.shape(), FailedPreconditionError, closed, "gone");
  Variable variable(1.0f);
  const Variable kept = std::move(variable);
  EXPECT_ERROR(variable.value(), ValueError, bad_argument, "empty Variable");
  EXPECT_ERROR(variable + 1.0f, ValueError, bad_argument, __FILE__);
}

TEST(OutputOfTest, AnOperationHasNoOtherOutputsThanItsOwn) {
  const Graph graph;
  auto as_default = graph.as_default();
  const Operation op = constant(1.0f).op();
  EXPECT_EQ(Output(op, 0), op.output(0));
  for (const int index : {1, 5, -1, 100000000}) {
    EXPECT_ERROR(Output(op, index), ValueError, bad_argument, "there is no output");
  }
  EXPECT_ERROR(Output(no_op(), 0), ValueError, bad_argument, "has 0 outputs");
  EXPECT_FALSE(Output(Operation(), 3));
}

TEST(OutputOfTest, AnOutputOfAGraphThatIsGoneSaysSoWhenItIsUsed) {
  Operation op;
  {
    const Graph graph;
    auto as_default = graph.as_default();
    op = constant(1.0f).op();
  }
  const Output output(op, 0);
  EXPECT_ERROR(output.dtype(), FailedPreconditionError, closed, "gone");
}

// NOLINTEND(bugprone-use-after-move)

}  // namespace
}  // namespace tenon::test
