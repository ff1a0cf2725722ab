#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

struct Mode {
  bool exclusive, reverse;
};
constexpr Mode kModes[] = {{false, false}, {false, true}, {true, false}, {true, true}};

class CumprodTest : public ::testing::TestWithParam<Mode> {
 protected:
  CumsumOptions options(int64_t axis) const {
    return {.axis = axis, .exclusive = GetParam().exclusive, .reverse = GetParam().reverse};
  }
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

// No zero, one, two, neighbours, and zeros alone.
const Numbers kRows[] = {{1.5, -2, 0.5, 3}, {1.5, 0, 0.5, 3}, {0, 2, 0, 3},
                         {2, 0, 0, 3},      {0, 0, 0, 0},     {2, 3, 4, 0}};

Tensor rows() {
  Numbers all;
  for (const Numbers& row : kRows) all.insert(all.end(), row.begin(), row.end());
  return Tensor::from<double>(all, {6, 4});
}

TEST_P(CumprodTest, HasTheGradientOfAProductBesideZeros) {
  const Output x = placeholder(float64, {6, 4});
  expect_gradients(cumprod(x, options(1)), {x}, {rows()});
}

TEST_P(CumprodTest, HasTheGradientAlongTheFirstAxisToo) {
  const Output x = placeholder(float64, {6, 4});
  expect_gradients(cumprod(x, options(0)), {x}, {rows()});
}

TEST_P(CumprodTest, HasSecondDerivativesBesideZeros) {
  const Output x = placeholder(float64, {6, 4});
  const Output weights = constant(wave(float64, {6, 4}, 0.7));
  const Output first = gradients({cumprod(x, options(1))}, {x}, {.grad_ys = {weights}})[0];
  expect_gradients(first, {x}, {rows()});
}

TEST_P(CumprodTest, HasTheGradientInHalfPrecision) {
  const Output x = constant(Tensor({2.0F, 0.0F, 4.0F})), half = cast(x, float16);
  const Output found = gradients({cumprod(half, options(0))}, {half})[0];
  const Output whole = gradients({cumprod(x, options(0))}, {x})[0];
  expect_near(run(cast(found, float32)), numbers(run(whole)), 1e-3);
}

std::string mode_name(const ::testing::TestParamInfo<Mode>& info) {
  return std::string(info.param.exclusive ? "Exclusive" : "Inclusive") +
         (info.param.reverse ? "Reverse" : "");
}
INSTANTIATE_TEST_SUITE_P(AllModes, CumprodTest, ::testing::ValuesIn(kModes), mode_name);

// The Hessian of a product has the products of all but two: of {0, 2, 0, 3} in the corner 6.
TEST(ProductTest, HasAHessianBesideZeros) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = placeholder(float64, {6, 4});
  const Output weights = constant(wave(float64, {6}, 0.7));
  const Output first = gradients({reduce_prod(x, {.axis = 1})}, {x}, {.grad_ys = {weights}})[0];
  expect_gradients(first, {x}, {rows()});
  const Output whole = placeholder(float64, {3});
  expect_gradients(gradients({reduce_prod(whole)}, {whole})[0], {whole}, {Tensor({0.0, 0.0, 5.0})});
}

TEST(ProductTest, HasThirdDerivatives) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = placeholder(float64, {4});
  const Output first = gradients({reduce_prod(x)}, {x})[0];
  expect_gradients(gradients({first}, {x})[0], {x}, {Tensor({0.0, 2.0, 0.0, 3.0})});
}

}  // namespace
}  // namespace tenon::testing
