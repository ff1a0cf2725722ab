#include "tenon/gradient_checker.h"

#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class GradientCheckerTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(GradientCheckerTest, FindsLittleErrorWhereTheGradientIsRight) {
  const Output x = placeholder(float64, {2, 3}), w = placeholder(float64, {3, 2});
  const Output y = tanh(matmul(x, w));
  const double error = compute_gradient_error(
      x, y, {.x_value = wave(float64, {2, 3}), .feeds = {{w, wave(float64, {3, 2}, 2)}}});
  EXPECT_LT(error, 1e-5);
}

TEST_F(GradientCheckerTest, FindsAGradientThatIsWrong) {
  const Output x = placeholder(float64, {2});
  const Output y = x * stop_gradient(x);
  const Jacobians found = compute_gradient(x, y, {.x_value = Tensor({3.0, 4.0})});
  expect_near(found.theoretical, {3, 0, 0, 4}, 1e-9);
  expect_near(found.numeric, {6, 0, 0, 8}, 1e-6);
  EXPECT_NEAR(compute_gradient_error(x, y, {.x_value = Tensor({3.0, 4.0})}), 4, 1e-6);
}

TEST_F(GradientCheckerTest, RunsInTheSessionThatIsGiven) {
  const Output x = placeholder(float32, {1}), y = square(x);
  Session session(graph_);
  EXPECT_LT(compute_gradient_error(x, y, {.x_value = Tensor({1.0f}), .session = &session}), 1e-2);
  EXPECT_LT(compute_gradient_error(x, y, {.x_value = Tensor({1.0f}), .delta = 0.1}), 1e-4);
}

TEST_F(GradientCheckerTest, RefusesWhatHasNoGradient) {
  const Output x = placeholder(float64, {2});
  EXPECT_ERROR(compute_gradient_error(x, cast(argmax(x), float64), {.x_value = Tensor({1.0, 2.0})}),
               ValueError, no_gradient, "is defined");
  const Output n = placeholder(int32, {2});
  EXPECT_ERROR(compute_gradient_error(n, x, {.x_value = Tensor({1, 2})}), TypeError,
               dtype_incompatible, "but x is int32");
}

}  // namespace
}  // namespace tenon::testing
