#include "tenon/graph.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/graph/builder.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using internal::add_output;
using internal::as_output;
using internal::make_constant;

class GraphTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(GraphTest, MakesNamesUniqueWhateverTheirCase) {
  EXPECT_EQ(make_constant(1.0f, "w").name(), "w:0");
  EXPECT_EQ(make_constant(1.0f, "W").name(), "W_1:0");
  EXPECT_EQ(make_constant(1.0f, "w_1").name(), "w_1_1:0");
  EXPECT_EQ(make_constant(1.0f, "w").name(), "w_2:0");
}

TEST_F(GraphTest, OnlyLooksAtANameThatIsNotMarkedAsUsed) {
  EXPECT_EQ(graph_.unique_name("w", false), "w");
  EXPECT_EQ(graph_.unique_name("w"), "w");
  EXPECT_EQ(graph_.unique_name("w", false), "w_1");
}

TEST_F(GraphTest, NamesOperationsBelowTheirScopes) {
  const NameScope outer = name_scope("a");
  {
    const NameScope inner = name_scope("b");
    EXPECT_EQ(inner.name(), "a/b/");
    EXPECT_EQ(make_constant(1.0f, "c").name(), "a/b/c:0");
    const NameScope root = name_scope("");
    EXPECT_EQ(make_constant(1.0f, "c").name(), "c:0");
  }
  EXPECT_EQ(graph_.name_scope(), "a");
  const NameScope again = name_scope("b");
  EXPECT_EQ(again.name(), "a/b_1/");
  const NameScope reentered = name_scope("a/b/");
  EXPECT_EQ(make_constant(1.0f, "d").name(), "a/b/d:0");
}

TEST_F(GraphTest, RejectsNamesOutsideThePattern) {
  EXPECT_ERROR(name_scope("_a"), ValueError, invalid_name, "'_a' is not a valid root scope name");
  EXPECT_ERROR(make_constant(1.0f, "a b"), ValueError, invalid_name, "'a b'");
  EXPECT_ERROR(make_constant(1.0f, "\xc3\xa4"), ValueError, invalid_name, "not a valid");
  const NameScope scope = name_scope("a");
  EXPECT_EQ(make_constant(1.0f, "_b").name(), "a/_b:0");
  EXPECT_ERROR(name_scope("b c"), ValueError, invalid_name, "'b c' is not a valid scope name");
}

TEST_F(GraphTest, TakesAnAbsoluteNameAsItIs) {
  EXPECT_EQ(make_constant(1.0f, "w/").name(), "w:0");
  EXPECT_ERROR(make_constant(1.0f, "w/"), ValueError, duplicate_name, "'w'");
}

TEST_F(GraphTest, GivesLiteralsTheDtypeOfTheirPartner) {
  const Output x = make_constant(Tensor(2.0), "x");
  const Output sum = add_output("AddV2", {x, Input(1)}, {.name = "sum"});
  EXPECT_EQ(sum.dtype(), float64);
  EXPECT_EQ(sum.op().input(1).name(), "sum/y:0");
  EXPECT_EQ(add_output("AddV2", {Input(1), Input(2)}).dtype(), int32);
  EXPECT_EQ(add_output("AddV2", {Input(1.0f), Input(2)}).dtype(), float32);
}

TEST_F(GraphTest, NeverMakesAFloatAnInteger) {
  const Output x = make_constant(Tensor(2), "x");
  const size_t before = graph_.operations().size();
  EXPECT_ERROR(add_output("AddV2", {x, Input(1.5f)}), TypeError, dtype_incompatible,
               "Expected int32");
  EXPECT_EQ(graph_.operations().size(), before);
  EXPECT_EQ(graph_.unique_name("AddV2", false), "AddV2");
}

TEST_F(GraphTest, RejectsDtypesThatDoNotFit) {
  EXPECT_ERROR(add_output("AddV2", {make_constant(1.0f, "a"), make_constant(1, "b")}), TypeError,
               dtype_incompatible, "'b:0'");
}

TEST_F(GraphTest, RejectsShapesThatDoNotFitAndNamesTheOperation) {
  const Output a = make_constant(Tensor(float32, {2, 3})), b = make_constant(Tensor(float32, {4}));
  const size_t before = graph_.operations().size();
  EXPECT_ERROR(add_output("AddV2", {a, b}, {.name = "sum"}), ValueError, shape_incompatible, "sum");
  EXPECT_EQ(graph_.operations().size(), before);
}

TEST_F(GraphTest, RejectsInputsOfTwoGraphs) {
  const Output here = make_constant(1.0f);
  const Graph other;
  const ScopeGuard guard(other.enter_as_default());
  EXPECT_ERROR(add_output("AddV2", {here, make_constant(1.0f, "there")}), ValueError, bad_argument,
               "same graph");
}

TEST_F(GraphTest, RejectsAnythingNewOnceFinalized) {
  graph_.finalize();
  EXPECT_ERROR(make_constant(1.0f), RuntimeError, bad_argument, "finalized");
}

TEST_F(GraphTest, FindsOperationsAndTensorsByName) {
  const Output w = make_constant(1.0f, "w");
  EXPECT_EQ(graph_.tensor("w:0"), w);
  EXPECT_EQ(graph_.operation("w"), w.op());
  EXPECT_ERROR(graph_.tensor("w"), ValueError, no_such_tensor, "refers to an Operation");
  EXPECT_ERROR(graph_.tensor("w:1"), KeyError, no_such_tensor, "only has 1 outputs");
  EXPECT_ERROR(graph_.tensor("v:0"), KeyError, no_such_tensor, "'v'");
  EXPECT_ERROR(graph_.operation("v"), KeyError, no_such_tensor, "'v'");
  EXPECT_ERROR(graph_.tensor("w:x"), ValueError, no_such_tensor, "not a valid one");
}

TEST_F(GraphTest, MergesDevicesFromTheInsideOut) {
  const ScopeGuard job = device("/job:ps/task:1/cpu:0");
  {
    const ScopeGuard gpu = device("/gpu:2");
    EXPECT_EQ(make_constant(1.0f).device(), "/job:ps/task:1/device:GPU:2");
    const ScopeGuard none = device(nullptr);
    EXPECT_EQ(make_constant(1.0f).device(), "");
    const ScopeGuard task = device("/task:3");
    EXPECT_EQ(make_constant(1.0f).device(), "/task:3");
  }
  EXPECT_EQ(make_constant(1.0f).device(), "/job:ps/task:1/device:CPU:0");
  EXPECT_ERROR(device("/nothing:like:it"), ValueError, bad_device, "nothing");
}

TEST_F(GraphTest, AsksDeviceFunctionsForEachOperation) {
  const ScopeGuard outer = device("/job:worker");
  const ScopeGuard inner = device(
      [](const Operation& op) { return op.type() == "Const" ? "/device:GPU:0" : "/device:CPU:0"; });
  EXPECT_EQ(make_constant(1.0f).device(), "/job:worker/device:GPU:0");
}

TEST_F(GraphTest, MakesOperationsWaitForControlInputs) {
  const Output first = make_constant(1.0f, "first");
  Output inside, after;
  {
    const ScopeGuard wait = control_dependencies({first});
    inside = make_constant(2.0f, "inside");
    after = add_output("AddV2", {inside, inside});
    const ScopeGuard none = control_dependencies(nullptr);
    EXPECT_TRUE(make_constant(3.0f).op().control_inputs().empty());
  }
  ASSERT_EQ(inside.op().control_inputs().size(), 1u);
  EXPECT_EQ(inside.op().control_inputs()[0], first.op());
  EXPECT_TRUE(after.op().control_inputs().empty()) << "its input waits already";
}

TEST_F(GraphTest, ColocatesAndForgetsTheDevicesAround) {
  Output on_gpu;
  {
    const ScopeGuard gpu = device("/gpu:1");
    on_gpu = make_constant(1.0f);
  }
  const ScopeGuard cpu = device("/cpu:0");
  const ScopeGuard with = colocate_with(on_gpu.op());
  EXPECT_EQ(make_constant(1.0f).device(), "/device:GPU:1");
}

TEST_F(GraphTest, NarrowsStaticShapes) {
  const Output x =
      add_output("Placeholder", {}, {.attrs = {{"dtype", float32}, {"shape", Shape({-1, 3})}}});
  x.set_shape({2, -1});
  EXPECT_EQ(x.shape(), Shape({2, 3}));
  EXPECT_ERROR(x.set_shape({5, 3}), ValueError, shape_incompatible, "(2, 3)");
  EXPECT_EQ(x.shape(), Shape({2, 3}));
}

TEST_F(GraphTest, DerivesSeedsAsTensorFlowDoes) {
  EXPECT_EQ(graph_.state()->seeds(std::nullopt), std::pair(int64_t{0}, int64_t{0}));
  EXPECT_EQ(graph_.state()->seeds(7), std::pair(int64_t{87654321}, int64_t{7}));
  graph_.set_seed(5);
  EXPECT_EQ(graph_.state()->seeds(7), std::pair(int64_t{5}, int64_t{7}));
  graph_.set_seed(0);
  EXPECT_EQ(graph_.state()->seeds(0), std::pair(int64_t{0}, int64_t{2147483647}));
}

TEST(GraphLifetimeTest, HandlesOutliveTheirGraphButCannotBeUsed) {
  Output output;
  {
    const Graph graph;
    const ScopeGuard guard(graph.enter_as_default());
    output = make_constant(1.0f);
  }
  EXPECT_ERROR(output.name(), FailedPreconditionError, closed, "gone");
  EXPECT_ERROR(Output().name(), ValueError, bad_argument, "empty");
}

TEST(GraphThreadTest, GrowsFromManyThreadsAtOnce) {
  const Graph graph;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&graph, i] {
      const ScopeGuard guard(graph.enter_as_default());
      const NameScope scope = name_scope("thread" + std::to_string(i));
      for (int j = 0; j < 100; ++j) {
        const Output c = make_constant(1.0f, "c");
        add_output("AddV2", {c, Input(1.0f)}, {.name = "sum"});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(graph.operations().size(), 4u * 100u * 3u);
  EXPECT_EQ(graph.operation("thread3/sum_99").name(), "thread3/sum_99");
}

TEST(DefaultGraphTest, IsReplacedOnlyOutsideOfAsDefault) {
  reset_default_graph();
  EXPECT_TRUE(get_default_graph().operations().empty());
  const Graph graph;
  const ScopeGuard guard(graph.enter_as_default());
  EXPECT_EQ(get_default_graph(), graph);
  EXPECT_ERROR(reset_default_graph(), RuntimeError, bad_argument, "as_default");
}

}  // namespace
}  // namespace tenon
