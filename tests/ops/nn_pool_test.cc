#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class PoolTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(PoolTest, TakesABatchOfNoImages) {
  const Output x = placeholder(float32, {-1, 4, 4, 2});
  const Tensor none(float32, {0, 4, 4, 2});
  for (const char* padding : {"SAME", "VALID"}) {
    const Output largest = nn::max_pool(x, {.padding = padding});
    const Output mean = nn::avg_pool(x, {.padding = padding});
    EXPECT_EQ(run(largest, {{x, none}}).shape(), (Shape{0, 2, 2, 2})) << padding;
    EXPECT_EQ(run(mean, {{x, none}}).shape(), (Shape{0, 2, 2, 2})) << padding;
    const std::vector<Output> gradient = gradients({largest, mean}, {x});
    EXPECT_EQ(run(gradient[0], {{x, none}}).shape(), (Shape{0, 4, 4, 2})) << padding;
  }
  EXPECT_EQ(nn::max_pool(zeros({0, 4, 4, 1}), {.padding = "VALID"}).shape(), (Shape{0, 2, 2, 1}));
}

TEST_F(PoolTest, TakesImagesOfNoChannels) {
  EXPECT_EQ(run(nn::avg_pool(zeros({2, 4, 4, 0}), {.padding = "VALID"})).shape(),
            (Shape{2, 2, 2, 0}));
}

TEST_F(PoolTest, RefusesAnImageSmallerThanTheWindow) {
  EXPECT_ERROR(nn::max_pool(zeros({1, 1, 4, 1}), {.padding = "VALID"}), ValueError,
               shape_incompatible, "Negative dimension size caused by subtracting 2 from 1");
}

// The first derivative is linear in its grad_ys alone: second derivatives appear where the result
// is used further, and where the program differentiates by the incoming gradient.
TEST_F(PoolTest, MaxPoolHasSecondDerivatives) {
  for (const char* padding : {"SAME", "VALID"}) {
    const Output x = placeholder(float64, {2, 5, 4, 3});
    const Output pooled = nn::max_pool(x, {.ksize = {3}, .strides = {2}, .padding = padding});
    const Output first = gradients({pooled * pooled * pooled}, {x})[0];
    expect_gradients(first, {x}, {wave(float64, {2, 5, 4, 3})});
    const Output second = gradients({first}, {x})[0];
    expect_gradients(second, {x}, {wave(float64, {2, 5, 4, 3})});
  }
}

TEST_F(PoolTest, MaxPoolsGradientHasAGradientByWhatComesIn) {
  const Output x = constant(wave(float64, {1, 4, 4, 2}));
  const Output dy = placeholder(float64, {1, 2, 2, 2});
  const Output first = gradients({nn::max_pool(x)}, {x}, {.grad_ys = {dy}})[0];
  expect_gradients(first, {dy}, {wave(float64, {1, 2, 2, 2}, 2)});
}

// At ties all goes to the first of the largest, in both directions.
TEST_F(PoolTest, TheSecondDerivativeFollowsTheFirstOfEquals) {
  const Output x = ones({1, 2, 2, 1});
  const Output dy = placeholder(float32, {1, 1, 1, 1});
  const Output first = gradients({nn::max_pool(x)}, {x}, {.grad_ys = {dy}})[0];
  const Output weighted = first * reshape(constant({5.0F, 6.0F, 7.0F, 8.0F}), {1, 2, 2, 1});
  expect_near(run(gradients({weighted}, {dy})[0], {{dy, Tensor(float32, {1, 1, 1, 1})}}), {5});
}

}  // namespace
}  // namespace tenon::testing
