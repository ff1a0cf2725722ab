// What cuts tensors up and puts them together.

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

// The gradient is that of the square, so that each element's own counts.
OpCase parts(const char* name, std::function<Output(In)> build, std::vector<Shape> inputs) {
  return {.name = name,
          .build = [build](In in) { return square(build(in)); },
          .inputs = std::move(inputs)};
}

const OpCases kArrayPartsCases = {
    parts("ConcatOfRows",
          [](In in) {
            return concat({in[0], in[1]}, 0);
          },
          {{2, 3}, {1, 3}}),
    parts("ConcatOfColumns",
          [](In in) {
            return concat({in[0], in[1], in[0]}, -1);
          },
          {{2, 3}, {2, 2}}),
    parts("Stack",
          [](In in) {
            return stack({in[0], in[1]}, {.axis = 1});
          },
          {{2, 3}, {2, 3}}),
    parts("Unstack", [](In in) { return unstack(in[0], {.axis = 1})[1]; }, {{2, 3}}),
    parts("Split", [](In in) { return split(in[0], 2, {.axis = 1})[1]; }, {{3, 4}}),
    parts("SplitOfSizes",
          [](In in) {
            return split(in[0], {1, -1}, {.axis = 1})[1];
          },
          {{2, 4}}),
    parts("Slice",
          [](In in) {
            return slice(in[0], {1, 0}, {1, -1});
          },
          {{3, 2}}),
    parts("StridedSlice",
          [](In in) {
            return strided_slice(in[0], {2, 0}, {0, 3}, {.strides = {-1, 2}});
          },
          {{3, 4}}),
    parts("StridedSliceOfOneRow",
          [](In in) { return strided_slice(in[0], {1}, {2}, {.shrink_axis_mask = 1}); }, {{3, 4}}),
    parts("StridedSliceWithANewAxis",
          [](In in) {
            return strided_slice(in[0], {0, 0, 1}, {0, 0, 3},
                                 {.ellipsis_mask = 1, .new_axis_mask = 2});
          },
          {{2, 3, 4}}),
    parts("Pad",
          [](In in) {
            return pad(in[0], {{1, 0}, {0, 2}});
          },
          {{2, 3}}),
    parts("PadWithAValue",
          [](In in) {
            return pad(in[0], {{1, 1}}, {.constant_values = 2.5f});
          },
          {{3}}),
    parts("PadReflect",
          [](In in) {
            return pad(in[0], {{1, 2}}, {.mode = "REFLECT"});
          },
          {{4}}),
    parts("PadSymmetric",
          [](In in) {
            return pad(in[0], {{2, 1}, {0, 1}}, {.mode = "SYMMETRIC"});
          },
          {{2, 3}}),
    parts("Tile",
          [](In in) {
            return tile(in[0], {2, 3});
          },
          {{2, 2}}),
    parts("Gather",
          [](In in) {
            return gather(in[0], {2, 0, 2});
          },
          {{3, 2}}),
    parts("GatherOfMatrixIndices",
          [](In in) {
            return gather(in[0], {{1, 0}, {1, 1}});
          },
          {{3, 2}}),
    parts("GatherOfColumns",
          [](In in) {
            return gather(in[0], {1, 1, 0}, {.axis = 1});
          },
          {{2, 3, 2}}),
    parts("EmbeddingLookup",
          [](In in) {
            return nn::embedding_lookup(in[0], {1, 1});
          },
          {{3, 2}}),
};
INSTANTIATE_TEST_SUITE_P(Parts, OpCaseTest, ::testing::ValuesIn(kArrayPartsCases), case_name);

class PartsTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  const Output x_ = constant({{1, 2, 3}, {4, 5, 6}});
};

TEST_F(PartsTest, JoinsAndCutsAsTensorFlow) {
  expect_near(run(concat({x_, constant({{7, 8, 9}})}, 0)), {1, 2, 3, 4, 5, 6, 7, 8, 9});
  expect_near(run(concat({x_, x_}, 1)), {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6});
  expect_near(run(stack({x_, x_}, {.axis = 2})), {1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6});
  expect_near(run(unstack(x_, {.axis = 1})[2]), {3, 6});
  expect_near(run(split(x_, 3, {.axis = 1})[1]), {2, 5});
  expect_near(run(split(x_, {2, 1}, {.axis = -1})[0]), {1, 2, 4, 5});
  expect_near(run(slice(x_, {0, 1}, {2, 1})), {2, 5});
  expect_near(run(tile(x_, {1, 2})), {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6});
  expect_near(run(gather(x_, 1)), {4, 5, 6});
  expect_near(run(gather(x_, {2, 0}, {.axis = 1})), {3, 1, 6, 4});
}

TEST_F(PartsTest, PadsAsTensorFlow) {
  const Output v = constant({1, 2, 3});
  expect_near(run(pad(v, {{1, 2}})), {0, 1, 2, 3, 0, 0});
  expect_near(run(pad(v, {{1, 0}}, {.constant_values = 9})), {9, 1, 2, 3});
  expect_near(run(pad(v, {{2, 1}}, {.mode = "REFLECT"})), {3, 2, 1, 2, 3, 2});
  expect_near(run(pad(v, {{2, 1}}, {.mode = "symmetric"})), {2, 1, 1, 2, 3, 3});
  EXPECT_ERROR(pad(v, {{3, 0}}, {.mode = "REFLECT"}), ValueError, shape_incompatible, "3");
  EXPECT_ERROR(pad(v, {{1, 0}}, {.mode = "WRAP"}), ValueError, bad_argument, "WRAP");
  EXPECT_ERROR(pad(v, {{1, 0}, {0, 0}}), ValueError, shape_incompatible, "rank");
}

TEST_F(PartsTest, SeesASliceBeyondTheTensorWhenItRuns) {
  const Output v = constant({1, 2});
  for (const Output& beyond : {slice(v, {0}, {3}), slice(v, {2}, {1}), slice(v, {-1}, {1})}) {
    EXPECT_TRUE(beyond.shape().fully_defined());
    EXPECT_ERROR(run(beyond), InvalidArgumentError, shape_incompatible, "Expected ");
  }
  EXPECT_ERROR(slice(v, {3}, {-1}), ValueError, shape_incompatible,
               "Negative dimension size caused by subtracting 3 from 2");
}

TEST_F(PartsTest, SlicesAsPythonDoes) {
  expect_near(run(strided_slice(x_, {0, -1}, {2, -4}, {.strides = {1, -1}})), {3, 2, 1, 6, 5, 4});
  expect_near(run(strided_slice(x_, {0, 1}, {0, 0}, {.begin_mask = 1, .end_mask = 3})),
              {2, 3, 5, 6});
  expect_near(run(strided_slice(x_, {-1, 2}, {0, 0}, {.shrink_axis_mask = 3})), {6});
  EXPECT_EQ(strided_slice(x_, {5}, {9}).shape(), (Shape{0, 3}));
  EXPECT_EQ(strided_slice(placeholder(int32, {-1, 3}), {1}, {2}).shape(), (Shape{-1, 3}));
  EXPECT_ERROR(strided_slice(x_, {2}, {3}, {.shrink_axis_mask = 1}), ValueError, index_out_of_range,
               "slice index 2 of dimension 0 out of bounds");
  EXPECT_ERROR(strided_slice(x_, {0}, {1}, {.strides = {0}}), ValueError, bad_argument,
               "strides[0] must be non-zero");
  EXPECT_ERROR(strided_slice(x_, {0, 0, 0}, {1, 1, 1}), ValueError, index_out_of_range, "2 dims");
}

TEST_F(PartsTest, RefusesPartsThatDontFit) {
  EXPECT_ERROR(concat({x_, constant({{1, 2}})}, 0), ValueError, shape_incompatible,
               "Dimensions must be equal, but are 3 and 2");
  EXPECT_ERROR(concat({x_, constant({1, 2, 3})}, 0), ValueError, shape_incompatible, "rank");
  EXPECT_ERROR(concat({x_, x_}, 2), ValueError, shape_incompatible, "2");
  EXPECT_ERROR(concat({}, 0), ValueError, bad_argument, "at least one");
  EXPECT_ERROR(stack({x_, constant({1})}), ValueError, shape_incompatible, "(1,)");
  EXPECT_ERROR(split(x_, 2, {.axis = 1}), ValueError, shape_incompatible,
               "evenly divisible by 2 but is 3");
  EXPECT_ERROR(split(x_, {1, 1}, {.axis = 1}), ValueError, shape_incompatible, "add up");
  EXPECT_ERROR(tile(x_, {2}), ValueError, shape_incompatible, "rank");
  EXPECT_ERROR(unstack(placeholder(float32, {-1, 2})), ValueError, shape_incompatible, "num");
}

TEST_F(PartsTest, GatherOutOfRangeFailsWhenRun) {
  EXPECT_ERROR(run(gather(x_, {0, 2})), InvalidArgumentError, index_out_of_range, "[0, 2)");
  EXPECT_ERROR(gather(x_, 0.5f), TypeError, dtype_incompatible, "Tindices");
}

TEST_F(PartsTest, TheGradientOfAGatherIsSparse) {
  const Output table = constant({{1.0f, 2.0f}, {3.0f, 4.0f}, {5.0f, 6.0f}});
  const Output g = gradients({gather(table, {2, 2}) * 2.0f + gather(table, {0, 2})}, {table})[0];
  EXPECT_EQ(g.op().type(), "_IndexedSlices");
  EXPECT_EQ(g.shape(), (Shape{3, 2}));
  expect_near(run(g.op().input(1)), {0, 2, 2, 2});
  expect_near(run(g), {1, 1, 0, 0, 5, 5});
  const Output mixed = gradients({reduce_sum(gather(table, {0})) + reduce_sum(table)}, {table})[0];
  expect_near(run(mixed), {2, 2, 1, 1, 1, 1});
}

TEST_F(PartsTest, OneHotVectorsLieAlongAnyAxis) {
  expect_near(run(one_hot({0, 2, -1}, 3)), {1, 0, 0, 0, 0, 1, 0, 0, 0});
  expect_near(run(one_hot({1, 0}, 2, {.on_value = 5, .off_value = -1, .axis = 0})), {-1, 5, 5, -1});
  EXPECT_EQ(one_hot({1}, 2).dtype(), float32);
  EXPECT_EQ(one_hot({1}, 2, {.dtype = int64}).dtype(), int64);
  EXPECT_EQ(one_hot(placeholder(int32, {-1}), 4).shape(), (Shape{-1, 4}));
  EXPECT_ERROR(one_hot({1}, -1), ValueError, shape_incompatible, "depth");
}

TEST_F(PartsTest, AFunctionOfSeveralOperationsThatFailsLeavesTheGraphAsItWas) {
  const size_t before = graph_.operations().size();
  EXPECT_ERROR(one_hot({1}, -1), ValueError, shape_incompatible, "depth");
  EXPECT_EQ(graph_.operations().size(), before);
  EXPECT_EQ(one_hot({1}, 2).name(), "one_hot:0");
}

TEST_F(PartsTest, FindsWhatIsTrue) {
  const Output mask = constant({{true, false, true}, {false, true, false}});
  EXPECT_EQ(where(mask).shape(), (Shape{-1, 2}));
  expect_near(run(where(mask)), {0, 0, 0, 2, 1, 1});
  expect_near(run(boolean_mask(x_, mask)), {1, 3, 5});
  expect_near(run(boolean_mask(x_, constant({false, true}))), {4, 5, 6});
  EXPECT_ERROR(boolean_mask(x_, constant({true, false, true})), ValueError, shape_incompatible,
               "incompatible");
}

TEST_F(PartsTest, EmbeddingsMayLieInParts) {
  const Output a = constant({{0.0f}, {2.0f}, {4.0f}}), b = constant({{1.0f}, {3.0f}});
  expect_near(run(nn::embedding_lookup(std::vector<Input>{a, b}, {{4, 1}, {2, 3}})), {4, 1, 2, 3});
  const Output first = constant({{0.0f}, {1.0f}, {2.0f}}), last = constant({{3.0f}, {4.0f}});
  expect_near(run(nn::embedding_lookup(std::vector<Input>{first, last}, {4, 0, 3, 2},
                                       {.partition_strategy = "div"})),
              {4, 0, 3, 2});
}

}  // namespace
}  // namespace tenon::testing
