#include <cmath>
#include <limits>

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using Unary = Output (*)(Input, const OpOptions&);

OpCase unary(const char* name, Unary f, double (*plain)(double), double low = -2, double high = 2,
             bool gradients = true) {
  return {.name = name,
          .build = [f](const std::vector<Output>& in) { return f(in[0], {}); },
          .inputs = {{3, 5}},
          .plain = each(plain),
          .low = low,
          .high = high,
          .gradients = gradients};
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

const OpCases kMathUnaryCases = {
    unary("Negative", negative, [](double x) { return -x; }),
    unary("Abs", abs, [](double x) { return std::abs(x); }),
    unary("Sign", sign, [](double x) { return x > 0 ? 1.0 : -1.0; }),
    unary("Square", square, [](double x) { return x * x; }),
    unary(
        "Sqrt", sqrt, [](double x) { return std::sqrt(x); }, 0.1),
    unary(
        "Rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }, 0.3),
    unary(
        "Reciprocal", reciprocal, [](double x) { return 1 / x; }, 0.4),
    unary("Exp", exp, [](double x) { return std::exp(x); }),
    unary("Expm1", expm1, [](double x) { return std::expm1(x); }),
    unary(
        "Log", log, [](double x) { return std::log(x); }, 0.2),
    unary(
        "Log1p", log1p, [](double x) { return std::log1p(x); }, -0.7),
    unary("Tanh", tanh, [](double x) { return std::tanh(x); }),
    unary("Sigmoid", sigmoid, sigmoid_of),
    unary("Sin", sin, [](double x) { return std::sin(x); }),
    unary("Cos", cos, [](double x) { return std::cos(x); }),
    unary("Erf", erf, [](double x) { return std::erf(x); }),
    unary(
        "Floor", floor, [](double x) { return std::floor(x); }, -2, 2, false),
    unary(
        "Ceil", ceil, [](double x) { return std::ceil(x); }, -2, 2, false),
    unary(
        "Round", round, [](double x) { return std::nearbyint(x); }, -2, 2, false),
    unary("Relu", nn::relu, [](double x) { return std::max(x, 0.0); }),
    unary(
        "Relu6", nn::relu6, [](double x) { return std::min(std::max(x, 0.0), 6.0); }, -3, 9),
    unary("Elu", nn::elu, [](double x) { return x < 0 ? std::expm1(x) : x; }),
    unary("Selu", nn::selu,
          [](double x) {
            return 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * std::expm1(x) : x);
          }),
    unary("Softplus", nn::softplus, [](double x) { return std::log1p(std::exp(x)); }),
    unary("Softsign", nn::softsign, [](double x) { return x / (1 + std::abs(x)); }),
    {.name = "TanhOfAnEmptyTensor",
     .build = [](const std::vector<Output>& in) { return tanh(in[0]); },
     .inputs = {{0, 3}},
     .plain = each([](double x) { return std::tanh(x); })},
    {.name = "LeakyRelu",
     .build = [](const std::vector<Output>& in) { return nn::leaky_relu(in[0], {.alpha = 0.3}); },
     .inputs = {{7}},
     // The slope is a float, as TensorFlow's.
     .plain = each([](double x) { return x > 0 ? x : double{0.3F} * x; })},
    {.name = "SquareOfAScalar",
     .build = [](const std::vector<Output>& in) { return square(in[0]); },
     .inputs = {{}},
     .plain = each([](double x) { return x * x; })},
};
INSTANTIATE_TEST_SUITE_P(Unary, OpCaseTest, ::testing::ValuesIn(kMathUnaryCases), case_name);

TEST(UnaryTest, SecondDerivativesAreThoseOfFiniteDifferencesOfTheFirst) {
  const std::pair<const char*, Unary> rows[] = {{"Tanh", tanh},
                                                {"Sigmoid", sigmoid},
                                                {"Sqrt", sqrt},
                                                {"Rsqrt", rsqrt},
                                                {"Reciprocal", reciprocal},
                                                {"Relu", nn::relu},
                                                {"Relu6", nn::relu6},
                                                {"Elu", nn::elu},
                                                {"Selu", nn::selu},
                                                {"Softplus", nn::softplus},
                                                {"Softsign", nn::softsign},
                                                {"Exp", exp},
                                                {"Square", square}};
  for (const auto& [name, f] : rows) {
    SCOPED_TRACE(name);
    Graph graph;
    const ScopeGuard as_default = graph.as_default();
    const Output x = placeholder(float64, {6}), scale = placeholder(float64, {6});
    const Output y = f(x, {});
    const Output dx = gradients({y}, {x}, {.grad_ys = {scale}})[0];
    expect_gradients(dx, {x, scale}, {wave(float64, {6}, 0.3, 0.2, 1.9), wave(float64, {6}, 1)});
    if (std::string_view(name) == "Elu") {
      expect_gradients(dx, {x, scale}, {wave(float64, {6}, 0.3, -2, -0.1), wave(float64, {6}, 1)});
    }
  }
}

TEST(UnaryTest, NamesAreTensorFlows) {
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  EXPECT_EQ(negative(1.0f).name(), "Neg:0");
  EXPECT_EQ(square(1.0f).name(), "Square:0");
  EXPECT_EQ(square(1.0f).name(), "Square_1:0");
  EXPECT_EQ(graph.operations()[0].name(), "Neg/x");
}

TEST(UnaryTest, IntegersStayIntegers) {
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = constant({-3, 0, 5});
  EXPECT_EQ(abs(x).dtype(), int32);
  expect_near(run(abs(x)), {3, 0, 5});
  expect_near(run(sign(x)), {-1, 0, 1});
  expect_near(run(square(x)), {9, 0, 25});
  expect_near(run(negative(x)), {3, 0, -5});
}

TEST(UnaryTest, RefusesIntegersWhereTensorFlowDoes) {
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = constant({1, 2});
  EXPECT_ERROR(sqrt(x), TypeError, dtype_incompatible, "int32");
  EXPECT_ERROR(exp(x), TypeError, dtype_incompatible, "Exp");
  EXPECT_ERROR(tanh(x), TypeError, dtype_incompatible, "allowed values");
  EXPECT_ERROR(logical_not(x), TypeError, dtype_incompatible, "bool");
  EXPECT_EQ(graph.operations().size(), 1u);
}

TEST(UnaryTest, HasTensorFlowsValuesAtTheEdges) {
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const Output x = constant(Tensor({-inf, -0.5, 0.0, inf, nan}));
  expect_near(run(nn::relu(x)), {0, 0, 0, inf, nan});
  expect_near(run(nn::softplus(constant(Tensor({-1000.0, 1000.0})))), {0, 1000});
  expect_near(run(sigmoid(x)), {0, sigmoid_of(-0.5), 0.5, 1, nan});
  expect_near(run(tanh(x)), {-1, std::tanh(-0.5), 0, 1, nan});
  expect_near(run(sqrt(x)), {nan, nan, 0, inf, nan});
  expect_near(run(is_finite(x)), {0, 1, 1, 0, 0});
  expect_near(run(is_nan(x)), {0, 0, 0, 0, 1});
  expect_near(run(is_inf(x)), {1, 0, 0, 1, 0});
}

TEST(UnaryTest, GradientsAtKinksAreTensorFlows) {
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = constant(Tensor({0.0f, 0.0f}));
  for (const Unary f : {static_cast<Unary>(nn::relu), static_cast<Unary>(abs)}) {
    expect_near(run(gradients({f(x, {})}, {x})[0]), {0, 0});
  }
}

}  // namespace
}  // namespace tenon::testing
