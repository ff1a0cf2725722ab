// Constants, shapes, and what shapes are inferred while a graph is built.

#include <cmath>

#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class ArrayShapeTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

using In = const std::vector<Output>&;

const OpCases kArrayShapeCases = {
    {.name = "Reshape",
     .build =
         [](In in) {
           return square(reshape(in[0], {-1, 2}));
         },
     .inputs = {{2, 3}}},
    {.name = "ExpandDims",
     .build = [](In in) { return square(expand_dims(in[0], 1)); },
     .inputs = {{2, 3}}},
    {.name = "Squeeze",
     .build = [](In in) { return square(squeeze(in[0], {.axis = {1}})); },
     .inputs = {{2, 1, 3}}},
    {.name = "Transpose",
     .build =
         [](In in) {
           return square(transpose(in[0], {.perm = {1, 2, 0}}));
         },
     .inputs = {{2, 3, 4}}},
    {.name = "TransposeOfAMatrix",
     .build = [](In in) { return transpose(in[0]); },
     .inputs = {{2, 3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           const Numbers& x = in[0];
           return Numbers{x[0], x[3], x[1], x[4], x[2], x[5]};
         }},
    {.name = "BroadcastTo",
     .build =
         [](In in) {
           return square(broadcast_to(in[0], {2, 3, 4}));
         },
     .inputs = {{3, 1}}},
    {.name = "FillOfAGradient",
     .build =
         [](In in) {
           return square(fill({2, 2}, in[0]));
         },
     .inputs = {{}}},
};
INSTANTIATE_TEST_SUITE_P(ArrayShape, OpCaseTest, ::testing::ValuesIn(kArrayShapeCases), case_name);

TEST_F(ArrayShapeTest, NothingTimesAnUnknownSizeIsNothing) {
  const Output some = placeholder(float32, {-1, 0, 3});
  EXPECT_EQ(reshape(some, {-1}).shape(), Shape({0}));
  EXPECT_EQ(tile(placeholder(float32, {-1, 2}), {0, 3}).shape(), Shape({0, 6}));
  EXPECT_EQ(tile(some, {2, 1, 1}).shape(), Shape({-1, 0, 3}));
}

// A size that nobody knows may be 1 as well as 0.
TEST_F(ArrayShapeTest, AnUnknownSizeBesideNoneStaysUnknown) {
  const Output some = placeholder(float32, {-1, -1, -1}), none = placeholder(float32, {0, 1, 5});
  EXPECT_EQ((some + none).shape(), Shape({-1, -1, 5}));
  EXPECT_EQ((none * some).shape(), Shape({-1, -1, 5}));
}

TEST_F(ArrayShapeTest, AVectorOfConditionsSaysNothingOfWhatItChooses) {
  const Output x = placeholder(float32, {-1}), any = placeholder(float32, Shape::unknown());
  EXPECT_EQ(where(Tensor({true, false}), x, x).shape(), Shape({-1}));
  EXPECT_FALSE(where(Tensor({{true, false}}), any, any).shape().has_rank());
  EXPECT_ERROR(where(Tensor({true, false}), ones({3}), ones({3})), ValueError, shape_incompatible,
               "first dimension of the condition");
}

// TensorFlow's passes it on, whatever size it was said to have.
TEST_F(ArrayShapeTest, ASplitIntoOnePieceIsTheWhole) {
  const Output x = placeholder(float32, {-1, 2});
  const std::vector<Output> pieces = split(x, std::vector<int64_t>{3});
  Session session(graph_);
  EXPECT_EQ(session.run(pieces[0], {{x, Tensor::ones({4, 2})}}), Tensor::ones({4, 2}));
}

TEST_F(ArrayShapeTest, ConstantsHaveTheDtypeOfTheirLiterals) {
  EXPECT_EQ(constant(1).dtype(), int32);
  EXPECT_EQ(constant(1.5).dtype(), float32);
  EXPECT_EQ(constant(true).dtype(), bool_);
  EXPECT_EQ(constant("text").dtype(), string);
  EXPECT_EQ(constant({{1, 2}, {3, 4}, {5, 6}}).shape(), (Shape{3, 2}));
  EXPECT_EQ(constant(1, {.dtype = float64}).dtype(), float64);
  EXPECT_EQ(constant(Tensor(1.5)).dtype(), float64);
  EXPECT_EQ(constant(1).name(), "Const_7:0");
}

TEST_F(ArrayShapeTest, ConstantsFillTheirShape) {
  expect_near(run(constant(2.5f, {.shape = {2, 2}})), {2.5, 2.5, 2.5, 2.5});
  expect_near(run(constant({1, 2}, {.shape = {4}})), {1, 2, 2, 2});
  EXPECT_ERROR(constant({1, 2, 3}, {.shape = {2}}), ValueError, shape_incompatible,
               "Too many elements provided. Takes at most 2, but got 3");
  EXPECT_ERROR(constant(1.5f, {.dtype = int32}), TypeError, dtype_incompatible, "int32");
}

TEST_F(ArrayShapeTest, PlaceholdersSayWhatIsKnown) {
  const Output x = placeholder(float32, {-1, 10}, {.name = "x"});
  EXPECT_EQ(x.name(), "x:0");
  EXPECT_EQ(x.shape(), (Shape{-1, 10}));
  EXPECT_EQ(placeholder(int32).shape(), Shape::unknown());
  const Output d = placeholder_with_default(constant({1.0f, 2.0f}), {-1});
  EXPECT_EQ(d.shape(), (Shape{-1}));
  expect_near(run(d), {1, 2});
  expect_near(run(d, {{d, Tensor({5.0f})}}), {5});
  EXPECT_ERROR(placeholder_with_default(constant({1.0f}), {2}), ValueError, shape_incompatible,
               "(2,)");
}

TEST_F(ArrayShapeTest, ReshapesWithOneSizeLeftOpen) {
  const Output x = constant({{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(reshape(x, {3, -1}).shape(), (Shape{3, 2}));
  EXPECT_EQ(reshape(x, {-1}).shape(), (Shape{6}));
  EXPECT_EQ(reshape(constant({{3}}), {}).shape(), Shape{});
}

// Any size would do for what is left open beside a zero: TensorFlow takes those that aren't zero.
TEST_F(ArrayShapeTest, ReshapesATensorOfNothing) {
  const Output x = placeholder(float32, {-1, 3, 4});
  const Output batch = strided_slice(shape(x), {0}, {1}, {.shrink_axis_mask = 1});
  const Output flat = reshape(x, {Input(batch), Input(-1)});
  EXPECT_EQ(run(flat, {{x, Tensor(float32, {0, 3, 4})}}).shape(), (Shape{0, 12}));
  EXPECT_EQ(run(flat, {{x, Tensor(float32, {2, 3, 4})}}).shape(), (Shape{2, 12}));
  EXPECT_EQ(reshape(zeros({0, 3, 4}), {0, -1}).shape(), (Shape{0, 12}));
  EXPECT_EQ(reshape(zeros({0, 3}), {-1, 0}).shape(), (Shape{3, 0}));
  EXPECT_EQ(reshape(zeros({0, 3}), {0, 2, -1}).shape(), (Shape{0, 2, 1}));
  EXPECT_EQ(reshape(zeros({0, 0, 5}), {0, -1}).shape(), (Shape{0, 5}));
  EXPECT_EQ(reshape(zeros({0, 4}), {3, -1}).shape(), (Shape{3, 0}));
  EXPECT_ERROR(reshape(zeros({2, 3}), {0, -1}), ValueError, shape_incompatible,
               "Cannot reshape a tensor with 6 elements");
}

TEST_F(ArrayShapeTest, TakesOneEllipsisAlone) {
  const Output x = placeholder(float32, {2, 3, 4});
  EXPECT_EQ(strided_slice(x, {0, 0}, {0, 1}, {.ellipsis_mask = 1}).shape(), (Shape{2, 3, 1}));
  EXPECT_ERROR(strided_slice(x, {0, 0}, {0, 0}, {.ellipsis_mask = 3}), ValueError, bad_argument,
               "Multiple ellipses in slice spec not allowed");
}

TEST_F(ArrayShapeTest, RefusesToReshapeToAnotherNumberOfElements) {
  const Output x = placeholder(float32, {2, 3});
  EXPECT_ERROR(reshape(x, {4}), ValueError, shape_incompatible,
               "Cannot reshape a tensor with 6 elements to shape (4,)");
  EXPECT_ERROR(reshape(x, {4, -1}), ValueError, shape_incompatible,
               "evenly divisible by 4 but is 6");
  EXPECT_ERROR(reshape(x, {-1, -1}), ValueError, shape_incompatible, "Only one input size");
  EXPECT_ERROR(reshape(x, {-2, 3}), ValueError, shape_incompatible, "-2");
}

TEST_F(ArrayShapeTest, FollowsShapesThroughArithmetic) {
  const Output x = placeholder(float32, {4, 6}), open = placeholder(float32, {-1, 6});
  const Output rows = strided_slice(shape(x), {0}, {1}, {.shrink_axis_mask = 1});
  EXPECT_EQ(reshape(x, {Input(rows), Input(-1)}).shape(), (Shape{4, 6}));
  EXPECT_EQ(reshape(x, {Input(rows * 2), Input(-1)}).shape(), (Shape{8, 3}));
  EXPECT_EQ(zeros(shape(x)).shape(), (Shape{4, 6}));
  EXPECT_EQ(fill(concat({shape(x), constant({2})}, 0), 1.0f).shape(), (Shape{4, 6, 2}));
  EXPECT_EQ(reshape(x, {Input(reduce_prod(shape(x)))}).shape(), (Shape{24}));
  EXPECT_EQ(zeros({Input(size(x))}).shape(), (Shape{24}));
  EXPECT_EQ(zeros({Input(rank(open))}).shape(), (Shape{2}));
  EXPECT_EQ(range(rows).shape(), (Shape{4}));
  const Output columns = strided_slice(shape(open), {1}, {2}, {.shrink_axis_mask = 1});
  EXPECT_EQ(zeros({columns, columns}).shape(), (Shape{6, 6}));
  const Output count = strided_slice(shape(open), {0}, {1}, {.shrink_axis_mask = 1});
  EXPECT_EQ(reshape(open, {Input(count), Input(2), Input(3)}).shape(), (Shape{-1, 2, 3}));
  EXPECT_EQ(zeros(shape(open)).shape(), (Shape{-1, 6}));
}

TEST_F(ArrayShapeTest, TellsShapesSizesAndRanks) {
  const Output x = constant(Tensor(float32, {2, 0, 3}));
  expect_near(run(shape(x)), {2, 0, 3});
  EXPECT_EQ(shape(x, {.out_type = int64}).dtype(), int64);
  expect_near(run(size(x)), {0});
  expect_near(run(rank(x)), {3});
  const Output open = placeholder(float32);
  expect_near(run(shape(open), {{open, Tensor({1.0f, 2.0f})}}), {2});
}

TEST_F(ArrayShapeTest, SqueezesAndExpands) {
  const Output x = placeholder(float32, {1, 3, 1, -1});
  EXPECT_EQ(squeeze(x, {.axis = {0, 2}}).shape(), (Shape{3, -1}));
  EXPECT_EQ(squeeze(x).shape(), Shape::unknown());
  EXPECT_EQ(squeeze(placeholder(float32, {1, 3, 1})).shape(), (Shape{3}));
  EXPECT_EQ(expand_dims(x, -1).shape(), (Shape{1, 3, 1, -1, 1}));
  EXPECT_EQ(expand_dims(x, 0).shape(), (Shape{1, 1, 3, 1, -1}));
  EXPECT_ERROR(squeeze(x, {.axis = {1}}), ValueError, shape_incompatible,
               "Can not squeeze dim[1], expected a dimension of 1, got 3");
  EXPECT_ERROR(expand_dims(x, 6), ValueError, shape_incompatible, "6");
}

TEST_F(ArrayShapeTest, MakesZerosOnesAndRanges) {
  expect_near(run(zeros({2, 2})), {0, 0, 0, 0});
  expect_near(run(ones({3}, int32)), {1, 1, 1});
  expect_near(run(zeros_like(constant({1, 2}))), {0, 0});
  EXPECT_EQ(ones_like(constant({1, 2}), {.dtype = float64}).dtype(), float64);
  expect_near(run(range(4)), {0, 1, 2, 3});
  expect_near(run(range(3, -3, -2)), {3, 1, -1});
  expect_near(run(range(0.0f, 1.0f, 0.25f)), {0, 0.25, 0.5, 0.75});
  EXPECT_EQ(range(5, 5, 1).shape(), (Shape{0}));
  EXPECT_EQ(zeros({100, 100}).op().type(), "Fill");
  EXPECT_EQ(zeros({3}).op().type(), "Const");
  EXPECT_ERROR(range(1, 5, 0), ValueError, bad_argument, "delta");
  EXPECT_ERROR(zeros({-1}), ValueError, shape_incompatible, "(?,)");
}

TEST_F(ArrayShapeTest, RefusesPermutationsThatArentAny) {
  const Output x = placeholder(float32, {2, 3});
  EXPECT_ERROR(transpose(x, {.perm = {0, 0}}), ValueError, shape_incompatible, "permutation");
  EXPECT_ERROR(transpose(x, {.perm = {0, 2}}), ValueError, shape_incompatible, "2");
  EXPECT_ERROR(transpose(x, {.perm = {0, 1, 2}}), ValueError, shape_incompatible, "rank 3");
  EXPECT_EQ(transpose(placeholder(float32, {-1, 3})).shape(), (Shape{3, -1}));
}

TEST_F(ArrayShapeTest, BroadcastsOnlyWhatFits) {
  EXPECT_ERROR(broadcast_to(placeholder(float32, {3}), {2, 4}), ValueError, shape_incompatible,
               "(3,)");
  expect_near(run(broadcast_to(constant({1, 2}), {2, 2})), {1, 2, 1, 2});
}

TEST_F(ArrayShapeTest, IdentityPassesGradientsAndStopGradientDoesNot) {
  const Output x = constant({1.0f, 2.0f});
  expect_near(run(gradients({identity(x) * stop_gradient(x)}, {x})[0]), {1, 2});
  EXPECT_FALSE(gradients({stop_gradient(x)}, {x})[0]);
}

TEST_F(ArrayShapeTest, GroupsWaitForAll) {
  const Output x = constant(1.0f), y = constant(2.0f);
  const Operation all = group({x, y}, {.name = "all"});
  EXPECT_EQ(all.name(), "all");
  EXPECT_EQ(all.control_inputs().size(), 2u);
  EXPECT_EQ(group({}).type(), "NoOp");
  const std::vector<Output> both = tuple({x, Output(), y});
  EXPECT_FALSE(both[1]);
  expect_near(run(both[2]), {2});
}

TEST_F(ArrayShapeTest, CheckNumericsNamesWhatIsWrong) {
  const Output x = placeholder(float32, {2});
  const Output checked = check_numerics(x, "the loss");
  expect_near(run(checked, {{x, Tensor({1.0f, 2.0f})}}), {1, 2});
  EXPECT_ERROR(run(checked, {{x, Tensor({1.0f, std::nanf("")})}}), InvalidArgumentError,
               bad_argument, "the loss");
}

}  // namespace
}  // namespace tenon::testing
