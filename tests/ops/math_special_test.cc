// Special functions: values of TensorFlow's in float64, or better ones where it loses digits.
#include "tenon/special_math_ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Function = Output (*)(Input, const OpOptions&);

struct Point {
  double x, y;
};

void expect_points(Function function, const std::vector<Point>& points) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  std::vector<double> xs;
  for (const Point& point : points) xs.push_back(point.x);
  const Output x = placeholder(float64, {-1}), narrow = placeholder(float32, {-1});
  const Output y = function(x, {}), of_narrow = function(narrow, {});
  const Tensor fed(xs);
  const Tensor found = run(y, {{x, fed}});
  for (size_t i = 0; i < points.size(); ++i) {
    SCOPED_TRACE(points[i].x);
    const double value = found.data<double>()[i], expected = points[i].y;
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << value;
    } else if (std::isinf(expected)) {
      EXPECT_EQ(value, expected);
    } else {
      EXPECT_NEAR(value, expected, 1e-14 * std::max(std::abs(expected), 1e-300));
    }
    const auto x32 = static_cast<float>(points[i].x);
    const auto in_float32 = run(of_narrow, {{narrow, Tensor({x32})}}).data<float>()[0];
    if (static_cast<double>(x32) == points[i].x && std::isfinite(expected)) {
      EXPECT_NEAR(in_float32, expected, 1e-6 * std::abs(expected) + 1e-37);
    }
  }
}

TEST(SpecialMathTest, ErfcIsPreciseWhereErfIsOne) {
  expect_points(erfc, {{0, 1},
                       {-1, 1.842700792949715},
                       {1, 0.15729920705028513},
                       {0.1, 0.8875370839817152},
                       {5, 1.5374597944280347e-12},
                       {20, 5.395865611607901e-176},
                       {30, 0},
                       {-6, 2},
                       {kInf, 0},
                       {-kInf, 2},
                       {kNan, kNan}});
}

TEST(SpecialMathTest, ErfinvIsTheInverseOfErf) {
  expect_points(erfinv, {{0, 0},
                         {1e-20, 8.862269254527579e-21},
                         {0.125, 0.11123545184094996},
                         {0.3, 0.2724627147267543},
                         {0.5, 0.4769362762044699},
                         {0.9, 1.1630871536766743},
                         {-0.95, -1.3859038243496777},
                         {1, kInf},
                         {-1, -kInf},
                         {1.5, kNan},
                         {kNan, kNan}});
  for (const double x : {-0.999, -0.6, -0.2, 1e-9, 0.45, 0.55, 0.99, 0.9999999}) {
    const Graph graph;
    const ScopeGuard as_default = graph.as_default();
    expect_near(run(erf(erfinv(constant(Tensor(x))))), {x}, 1e-15);
  }
}

TEST(SpecialMathTest, NdtriIsTheNormalQuantile) {
  expect_points(ndtri, {{0, -kInf},
                        {1e-300, -37.0470962993612},
                        {1e-20, -9.262340089798409},
                        {0.01, -2.3263478740408408},
                        {0.25, -0.6744897501960817},
                        {0.4999, -0.0002506628300880075},
                        {0.5, 0},
                        {0.6, 0.2533471031357997},
                        {0.9, 1.2815515655446004},
                        {0.999999999999, 7.0344869100478356},
                        {1, kInf},
                        {-0.1, kNan},
                        {1.1, kNan},
                        {kNan, kNan}});
}

TEST(SpecialMathTest, LgammaIsTheLogarithmOfTheMagnitude) {
  expect_points(lgamma, {{-3, kInf},
                         {-2.5, -0.05624371649767405},
                         {0, kInf},
                         {0.5, 0.5723649429247001},
                         {1, 0},
                         {3.7, 1.428072326665388},
                         {100, 359.13420536957545},
                         {-10.3, -14.457515440024208},
                         {kInf, kInf},
                         {kNan, kNan}});
}

TEST(SpecialMathTest, DigammaIsItsDerivative) {
  expect_points(digamma, {{-3, kNan},
                          {-2.5, 1.1031566406452433},
                          {-1e-5, 99999.42276788561},
                          {0, kNan},
                          {1e-10, -10000000000.577215},
                          {0.5, -1.9635100260214227},
                          {1, -0.5772156649015323},
                          {3.7, 1.167153539361511},
                          {9.9, 2.241180316606381},
                          {1e10, 23.025850929890456},
                          {-10.3, 4.6624034935820875},
                          {kInf, kInf},
                          {-kInf, kNan},
                          {kNan, kNan}});
}

TEST(SpecialMathTest, ZetaSumsPowers) {
  const struct {
    double s, q, sum;
  } rows[] = {{2, 1, 1.6449340668482266},
              {3, 1, 1.202056903159594},
              {1.5, 0.3, 8.237761671459724},
              {1.1, 2, 9.584448464950798},
              {10, 0.5, 1024.0174503557578},
              {2, -0.5, 8.934802200544679},
              {2, 1e6, 1.0000005000001667e-06},
              {50, 3, 1.392956357970704e-24},
              {2, kInf, 0},
              {kInf, 2, 0},
              {1, 2, kInf},
              {2, -1, kInf},
              {0.5, 2, kNan},
              {2.5, -0.5, kNan}};
  for (const auto& row : rows) {
    const Graph graph;
    const ScopeGuard as_default = graph.as_default();
    const double sum = run(zeta(constant(Tensor(row.s)), constant(Tensor(row.q)))).scalar<double>();
    if (std::isnan(row.sum)) {
      EXPECT_TRUE(std::isnan(sum)) << row.s << ", " << row.q;
    } else if (std::isinf(row.sum)) {
      EXPECT_EQ(sum, row.sum) << row.s << ", " << row.q;
    } else {
      EXPECT_NEAR(sum, row.sum, 1e-14 * row.sum) << row.s << ", " << row.q;
    }
  }
}

TEST(SpecialMathTest, PolygammaIsADerivativeOfDigamma) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output n = constant(Tensor({0.0, 1.0, 1.0, 2.0, 3.0, 1.5, -1.0}));
  const Output x = constant(Tensor({2.0, 1.0, -0.5, 1.0, 2.5, 2.0, 2.0}));
  const Tensor found = run(polygamma(n, x));
  const double expected[] = {0.42278433509846713,
                             1.6449340668482266,
                             8.934802200544679,
                             -2.4041138063191885,
                             0.2239058488172521,
                             kNan,
                             kNan};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(found.data<double>()[i], expected[i], 1e-13) << i;
  }
  EXPECT_TRUE(std::isnan(found.data<double>()[5]));
  EXPECT_TRUE(std::isnan(found.data<double>()[6]));
}

const OpCases kSpecialCases = {
    {.name = "Erfc",
     .build = [](const std::vector<Output>& in) { return erfc(in[0]); },
     .inputs = {{2, 3}},
     .plain = each([](double x) { return std::erfc(x); })},
    {.name = "Erfinv",
     .build = [](const std::vector<Output>& in) { return erfinv(in[0]); },
     .inputs = {{7}},
     .low = -0.9,
     .high = 0.9},
    {.name = "Ndtri",
     .build = [](const std::vector<Output>& in) { return ndtri(in[0]); },
     .inputs = {{7}},
     .low = 0.05,
     .high = 0.95},
    {.name = "Lgamma",
     .build = [](const std::vector<Output>& in) { return lgamma(in[0]); },
     .inputs = {{7}},
     .plain = each([](double x) { return std::lgamma(x); }),
     .low = 0.3,
     .high = 6},
    {.name = "Digamma",
     .build = [](const std::vector<Output>& in) { return digamma(in[0]); },
     .inputs = {{7}},
     .low = 0.3,
     .high = 6},
    {.name = "PolygammaByX",
     .build = [](const std::vector<Output>& in) { return polygamma(ones_like(in[0]), in[0]); },
     .inputs = {{5}},
     .low = 0.5,
     .high = 4},
    {.name = "ZetaByQ",
     .build =
         [](const std::vector<Output>& in) {
           return zeta(stop_gradient(zeros_like(in[0]) + 2.5), in[0]);
         },
     .inputs = {{5}},
     .low = 0.5,
     .high = 4},
};
INSTANTIATE_TEST_SUITE_P(Special, OpCaseTest, ::testing::ValuesIn(kSpecialCases), case_name);

TEST(SpecialMathTest, RefusesIntegers) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  EXPECT_ERROR(erfc(constant(1)), TypeError, dtype_incompatible, "not in list of allowed values");
  EXPECT_ERROR(zeta(constant(Tensor({2.0, 3.0})), constant(Tensor({1.0, 2.0, 3.0}))), ValueError,
               shape_incompatible, "(2,)");
}

}  // namespace
}  // namespace tenon::testing
