#include <limits>

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

class TopKTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(TopKTest, AnswersTheLargestFirst) {
  const nn::TopK top = nn::top_k(Tensor({{3, 1, 4, 1, 5}, {-9, -2, -6, -5, -3}}), {.k = 3});
  EXPECT_EQ(run(top.values), Tensor({{5, 4, 3}, {-2, -3, -5}}));
  EXPECT_EQ(run(top.indices), Tensor({{4, 2, 0}, {1, 4, 3}}));
}

TEST_F(TopKTest, AnswersTheFirstOfEquals) {
  const nn::TopK top = nn::top_k(Tensor({2.0f, 7.0f, 7.0f, -0.0f, 0.0f, 7.0f}), {.k = 6});
  EXPECT_EQ(run(top.indices), Tensor({1, 2, 5, 0, 3, 4}));
}

TEST_F(TopKTest, TakesNanForTheSmallest) {
  const nn::TopK top = nn::top_k(Tensor({1.0f, -kInfinity, kNan, kInfinity, -kNan}), {.k = 5});
  EXPECT_EQ(run(top.indices), Tensor({3, 0, 1, 2, 4}));
}

TEST_F(TopKTest, TakesNumbersOfAnyDtype) {
  const Tensor x({3, 1, 5, 2});
  for (const DType dtype :
       {float16, bfloat16, float64, int8, uint8, int16, uint16, uint32, int64, uint64}) {
    const nn::TopK top = nn::top_k(cast(x, dtype), {.k = 2});
    EXPECT_EQ(run(top.indices), Tensor({2, 0})) << dtype;
    EXPECT_EQ(run(cast(top.values, int32)), Tensor({5, 3})) << dtype;
  }
}

TEST_F(TopKTest, TakesNothingOfNothing) {
  EXPECT_EQ(run(nn::top_k(zeros({2, 3}), {.k = 0}).values).shape(), Shape({2, 0}));
  EXPECT_EQ(run(nn::top_k(zeros({0, 3}), {.k = 2}).values).shape(), Shape({0, 2}));
  EXPECT_EQ(run(nn::top_k(zeros({2, 0}), {.k = 0}).indices).shape(), Shape({2, 0}));
}

TEST_F(TopKTest, HasGradients) {
  const Output x = placeholder(float64, {2, 3, 4});
  const Output y = nn::top_k(x, {.k = 2}).values;
  expect_gradients(y, {x}, {wave(float64, {2, 3, 4})});
  const Output any = placeholder(float64);
  expect_gradients(nn::top_k(any, {.k = 2}).values, {any}, {wave(float64, {2, 3, 4})});
  const Output first = gradients({y * y * y}, {x})[0];
  expect_gradients(first, {x}, {wave(float64, {2, 3, 4})});
}

TEST_F(TopKTest, KnowsShapes) {
  EXPECT_EQ(nn::top_k(placeholder(float32, {-1, 8}), {.k = 3}).values.shape(), Shape({-1, 3}));
  EXPECT_EQ(
      nn::top_k(placeholder(float32, {-1, 8}), {.k = placeholder(int32, Shape{})}).indices.shape(),
      Shape({-1, -1}));
}

TEST_F(TopKTest, RefusesMoreThanThereAre) {
  EXPECT_ERROR(nn::top_k(zeros({2, 3}), {.k = 4}), ValueError, shape_incompatible,
               "input must have at least k = 4 columns");
  EXPECT_ERROR(nn::top_k(zeros({2, 3}), {.k = -1}), ValueError, bad_argument, "Need k >= 0");
  EXPECT_ERROR(nn::top_k(zeros({})), ValueError, shape_incompatible, "rank");
  const Output k = placeholder(int32, Shape{});
  EXPECT_ERROR(run(nn::top_k(zeros({2, 3}), {.k = k}).values, {{k, Tensor(5)}}),
               InvalidArgumentError, shape_incompatible, "at least k = 5");
}

// Answers of TensorFlow's in_top_k.
TEST_F(TopKTest, SaysWhetherTargetsAreAmongTheLargest) {
  const Tensor rows({{0.1f, 0.3f, 0.2f},
                     {0.3f, 0.3f, 0.2f},
                     {0.5f, kNan, 0.1f},
                     {0.9f, 0.1f, 0.2f},
                     {kInfinity, 0.1f, 0.2f}});
  const Output classes = constant(Tensor({2, 1, 0, 3, 1}));
  EXPECT_EQ(run(nn::in_top_k(rows, classes, 1)), Tensor({false, true, false, false, false}));
  EXPECT_EQ(run(nn::in_top_k(rows, classes, 2)), Tensor({true, true, false, false, false}));
  EXPECT_ERROR(nn::in_top_k(rows, Tensor({1}), 1), ValueError, shape_incompatible,
               "must match length of targets");
  EXPECT_ERROR(nn::in_top_k(zeros({2, 3}, float64), Tensor({1, 1}), 1), TypeError,
               dtype_incompatible, "must be float32");
}

}  // namespace
}  // namespace tenon::testing
