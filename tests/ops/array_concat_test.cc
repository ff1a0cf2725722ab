// Tensors joined along an axis. Values and shapes are TensorFlow 2.21's; gradients of the common
// cases are in array_parts_test.cc.
#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

const OpCases kConcatCases = {
    {.name = "ConcatAlongAMiddleAxis",
     .build =
         [](In in) {
           return square(concat({in[0], in[1]}, -2));
         },
     .inputs = {{2, 1, 3}, {2, 2, 3}}},
    {.name = "ConcatWithAnEmptyPart",
     .build =
         [](In in) {
           return square(concat({in[0], in[1], in[0]}, 0));
         },
     .inputs = {{2, 2}, {0, 2}}},
};
INSTANTIATE_TEST_SUITE_P(Concat, OpCaseTest, ::testing::ValuesIn(kConcatCases), case_name);

class ConcatTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(ConcatTest, JoinsPartsOfAnySize) {
  expect_near(run(concat({zeros({0, 2}), ones({1, 2})}, 0)), {1, 1});
  const Output three =
      concat({zeros({2, 0}), ones({2, 1}), constant({{2.0F, 3.0F}, {4.0F, 5.0F}})}, 1);
  expect_near(run(three), {1, 2, 3, 1, 4, 5});
  EXPECT_EQ(run(concat({zeros({0, 3}), zeros({0, 3})}, 1)).shape(), Shape({0, 6}));
  const Output one = constant({{1, 2}});
  EXPECT_EQ(run(concat({one}, 0)), run(one));
}

TEST_F(ConcatTest, JoinsElementsOfEveryDtype) {
  for (const DType dtype : {float16, bfloat16, float32, float64, int8, int16, int32, int64, uint8,
                            uint16, uint32, uint64}) {
    const Output part = cast(constant({1, 2}), dtype);
    const Tensor joined = run(concat({part, part}, 0));
    EXPECT_EQ(joined.dtype(), dtype);
    expect_near(joined, {1, 2, 1, 2});
  }
  EXPECT_EQ(run(concat({constant({true}), constant({false, true})}, 0)),
            Tensor({true, false, true}));
}

TEST_F(ConcatTest, KnowsTheShapeAsFarAsItsPartsDo) {
  const Output rows = placeholder(int32, {-1, 2}), any = placeholder(int32, Shape::unknown());
  const Output known = constant({{1, 2}});
  EXPECT_EQ(concat({rows, known}, 0).shape(), Shape({-1, 2}));
  EXPECT_EQ(concat({rows, known}, 1).shape(), Shape({1, 4}));
  EXPECT_EQ(concat({any, rows}, 1).shape(), Shape({-1, -1}));
  EXPECT_FALSE(concat({any, any}, 0).shape().has_rank());
  const Output axis = placeholder(int32, {});
  const Output along = concat({known, known}, axis);
  EXPECT_EQ(along.shape(), Shape({-1, -1}));
  EXPECT_EQ(run(along, {{axis, Tensor(1)}}), Tensor({{1, 2, 1, 2}}));
  EXPECT_EQ(run(along, {{axis, Tensor(-2)}}), Tensor({{1, 2}, {1, 2}}));
}

TEST_F(ConcatTest, RefusesPartsThatDoNotFit) {
  const Output row = constant({{1, 2}});
  EXPECT_ERROR(concat({constant(1), constant(2)}, 0), ValueError, shape_incompatible, "rank");
  EXPECT_ERROR(concat({row, constant({{1.0F, 2.0F}})}, 0), TypeError, dtype_incompatible,
               "float32");
  EXPECT_ERROR(concat({row, row}, -3), ValueError, shape_incompatible, "-3");
  EXPECT_ERROR(concat({row, row}, 1.5F), TypeError, dtype_incompatible, "");
  const Output axis = placeholder(int32, {}), any = placeholder(int32, Shape::unknown());
  EXPECT_ERROR(run(concat({row, row}, axis), {{axis, Tensor(2)}}), InvalidArgumentError,
               shape_incompatible, "2");
  EXPECT_ERROR(run(concat({row, any}, 1), {{any, Tensor({{1}, {2}})}}), InvalidArgumentError,
               shape_incompatible, "1 and 2");
}

TEST_F(ConcatTest, TheGradientNeedsAnAxisThatIsKnown) {
  const Output x = placeholder(float32, {2, 2}), axis = placeholder(int32, {});
  EXPECT_ERROR(gradients({concat({x, x}, axis)}, {x}), UnimplementedError, bad_argument,
               "needs an axis and a rank that are known");
}

}  // namespace
}  // namespace tenon::testing
