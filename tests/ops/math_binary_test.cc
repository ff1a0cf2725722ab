#include <cmath>

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using Binary = Output (*)(Input, Input, const OpOptions&);

OpCase binary(const char* name, Binary f, double (*plain)(double, double), double low = -2,
              bool gradients = true) {
  return {.name = name,
          .build = [f](const std::vector<Output>& in) { return f(in[0], in[1], {}); },
          .inputs = {{3, 4}, {3, 4}},
          .plain = pairs(plain),
          .low = low,
          .gradients = gradients};
}

OpCase broadcast(const char* name, Binary f, const Shape& a, const Shape& b) {
  return {.name = name,
          .build = [f](const std::vector<Output>& in) { return f(in[0], in[1], {}); },
          .inputs = {a, b},
          .low = 0.5};
}

double modulo(double x, double y) { return x - std::floor(x / y) * y; }

const OpCases kMathBinaryCases = {
    binary("Add", add, [](double x, double y) { return x + y; }),
    binary("Subtract", subtract, [](double x, double y) { return x - y; }),
    binary("Multiply", multiply, [](double x, double y) { return x * y; }),
    binary(
        "Divide", divide, [](double x, double y) { return x / y; }, 0.3),
    binary(
        "DivNoNan", div_no_nan, [](double x, double y) { return x / y; }, 0.3),
    binary("Maximum", maximum, [](double x, double y) { return std::max(x, y); }),
    binary("Minimum", minimum, [](double x, double y) { return std::min(x, y); }),
    binary(
        "Pow", pow, [](double x, double y) { return std::pow(x, y); }, 0.3),
    binary("SquaredDifference", squared_difference,
           [](double x, double y) { return (x - y) * (x - y); }),
    binary(
        "Floordiv", floordiv, [](double x, double y) { return std::floor(x / y); }, -2, false),
    binary("Mod", mod, modulo, 0.3),
    binary(
        "Less", less, [](double x, double y) { return x < y ? 1.0 : 0; }, -2, false),
    binary(
        "GreaterEqual", greater_equal, [](double x, double y) { return x >= y ? 1.0 : 0; }, -2,
        false),
    binary(
        "Equal", equal, [](double x, double y) { return x == y ? 1.0 : 0; }, -2, false),
    broadcast("AddOfABias", add, {3, 4}, {4}),
    broadcast("MultiplyOfAColumn", multiply, {3, 4}, {3, 1}),
    broadcast("SubtractOfAScalar", subtract, {}, {2, 3}),
    broadcast("DivideOfBoth", divide, {3, 1}, {1, 4}),
    broadcast("MaximumOfRanks", maximum, {4}, {2, 3, 4}),
    broadcast("PowOfAScalar", pow, {2, 3}, {}),
    broadcast("MultiplyOfNothing", multiply, {0, 3}, {3}),
};
INSTANTIATE_TEST_SUITE_P(Binary, OpCaseTest, ::testing::ValuesIn(kMathBinaryCases), case_name);

class BinaryTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(BinaryTest, FunctionsAndOperatorsHaveTensorFlowsNames) {
  const Output x = placeholder(float32, {2}, {.name = "x"});
  EXPECT_EQ((x + x).name(), "add:0");
  EXPECT_EQ(add(x, 1.0f).name(), "Add_1:0");
  EXPECT_EQ((x - 1).name(), "sub:0");
  EXPECT_EQ((2.0f * x).name(), "mul:0");
  EXPECT_EQ((x / 2).name(), "truediv:0");
  EXPECT_EQ((-x).name(), "Neg:0");
  EXPECT_EQ(divide(x, x, {.name = "q"}).name(), "q:0");
  EXPECT_EQ(subtract(x, x).op().type(), "Sub");
  EXPECT_EQ(add(x, x).op().type(), "AddV2");
  EXPECT_EQ(graph_.operation("mul/x").type(), "Const");
  EXPECT_EQ(graph_.operation("truediv/y").type(), "Const");
}

TEST_F(BinaryTest, OperatorsRecordTheCallersLine) {
  const Output x = placeholder(float32, {2});
  const int line = __LINE__ + 1;
  const Output y = x + 1.0f;
  EXPECT_EQ(y.op().made_at().line, line);
  EXPECT_THAT(y.op().made_at().file, ::testing::HasSubstr("math_binary_test"));
}

TEST_F(BinaryTest, LiteralsTakeTheDtypeOfTheirPartner) {
  const Output x = constant(Tensor({1.0, 2.0}));
  EXPECT_EQ((x * 2).dtype(), float64);
  expect_near(run(x * 2), {2, 4});
  expect_near(run(1 - x), {0, -1});
  EXPECT_EQ(add(1, 2).dtype(), int32);
  EXPECT_EQ(add(1, 2.5f).dtype(), float32);
  EXPECT_ERROR(constant({1, 2}) * 2.5f, TypeError, dtype_incompatible, "int32");
}

TEST_F(BinaryTest, DividesIntegersInFloat64) {
  const Output x = constant({7, -7}), y = constant({2, 2});
  EXPECT_EQ((x / y).dtype(), float64);
  expect_near(run(x / y), {3.5, -3.5});
  expect_near(run(floordiv(x, y)), {3, -4});
  expect_near(run(mod(x, constant({3, 3}))), {1, 2});
  expect_near(run(mod(x, constant({-3, -3}))), {-2, -1});
}

TEST_F(BinaryTest, DividingIntegersByZeroFailsWhenRun) {
  const Output x = constant({7}), zero = constant({0});
  EXPECT_THROW(run(floordiv(x, zero)), InvalidArgumentError);
}

TEST_F(BinaryTest, TheOperatorMultipliesBools) {
  const Output both = constant({true, true}) * constant({true, false});
  EXPECT_EQ(both.name(), "mul/Cast_2:0");
  EXPECT_EQ(both.dtype(), bool_);
  EXPECT_EQ(both.op().input(0).name(), "mul:0");
  EXPECT_EQ((both * 1).name(), "mul_1/Cast_2:0");
  EXPECT_ERROR(multiply(both, both), TypeError, dtype_incompatible, "bool");
}

TEST_F(BinaryTest, RefusesShapesThatDontBroadcast) {
  const Output a = placeholder(float32, {2, 3}), b = placeholder(float32, {4});
  const size_t before = graph_.operations().size();
  EXPECT_ERROR(a + b, ValueError, shape_incompatible, "Dimensions must be equal, but are 3 and 4");
  EXPECT_ERROR(a + b, ValueError, shape_incompatible, "(2, 3) and (4,)");
  EXPECT_ERROR(a + b, ValueError, shape_incompatible, "math_binary_test.cc");
  EXPECT_EQ(graph_.operations().size(), before);
}

TEST_F(BinaryTest, RefusesDifferentDtypes) {
  const Output a = placeholder(float32, {2}), b = placeholder(float64, {2});
  EXPECT_ERROR(a + b, TypeError, dtype_incompatible, "float64");
  EXPECT_ERROR(a / b, TypeError, shape_incompatible, "same dtype");
  EXPECT_ERROR(logical_and(a, a), TypeError, dtype_incompatible, "bool");
}

TEST_F(BinaryTest, InfersShapesOfUnknownSizes) {
  const Output a = placeholder(float32, {-1, 3}), b = placeholder(float32, {5, 1});
  EXPECT_EQ((a + b).shape(), (Shape{5, 3}));
  EXPECT_EQ((a + placeholder(float32, {1, 3})).shape(), (Shape{-1, 3}));
  EXPECT_EQ((a + placeholder(float32, {-1, 3})).shape(), (Shape{-1, 3}));
  EXPECT_EQ((a + placeholder(float32)).shape(), Shape::unknown());
}

TEST_F(BinaryTest, AtTiesTheFirstGetsTheGradient) {
  const Output x = constant({1.0f, 2.0f}), y = constant({1.0f, 3.0f});
  std::vector<Output> dx = gradients({maximum(x, y)}, {x, y});
  expect_near(run(dx[0]), {1, 0});
  expect_near(run(dx[1]), {0, 1});
  dx = gradients({minimum(x, y)}, {x, y});
  expect_near(run(dx[0]), {1, 1});
  expect_near(run(dx[1]), {0, 0});
}

TEST_F(BinaryTest, TheGradientOfPowIsZeroWhereTheLogarithmIsNot) {
  const Output x = constant({0.0f, -2.0f}), y = constant({2.0f, 3.0f});
  const std::vector<Output> d = gradients({pow(x, y)}, {x, y});
  expect_near(run(d[0]), {0, 12});
  expect_near(run(d[1]), {0, 0});
}

TEST_F(BinaryTest, SumsAreOfOneShape) {
  const Output x = constant({1.0f, 2.0f}), y = constant({1.0f, 3.0f});
  expect_near(run(add_n({x, y, x})), {3, 7});
  EXPECT_EQ(add_n({x}), x);
  EXPECT_ERROR(add_n({}), ValueError, bad_argument, "at least one");
  EXPECT_ERROR(add_n({x, constant({1.0f})}), ValueError, shape_incompatible, "(2,)");
}

TEST_F(BinaryTest, LogicIsOfBools) {
  const Output x = constant({true, true, false, false}), y = constant({true, false, true, false});
  expect_near(run(logical_and(x, y)), {1, 0, 0, 0});
  expect_near(run(logical_or(x, y)), {1, 1, 1, 0});
  expect_near(run(logical_xor(x, y)), {0, 1, 1, 0});
  expect_near(run(logical_not(x)), {0, 0, 1, 1});
}

TEST_F(BinaryTest, CastsAsTensorFlow) {
  const Output x = constant({-1.7f, 0.0f, 2.9f});
  EXPECT_EQ(cast(x, float32), x);
  expect_near(run(cast(x, int32)), {-1, 0, 2});
  expect_near(run(cast(x, bool_)), {1, 0, 1});
  expect_near(run(cast(constant({true, false}), float64)), {1, 0});
  EXPECT_FALSE(gradients({cast(cast(x, int32), float32)}, {x})[0]);
  const Output d = gradients({cast(x, float64)}, {x})[0];
  EXPECT_EQ(d.dtype(), float32);
  expect_near(run(d), {1, 1, 1});
}

TEST_F(BinaryTest, SelectsBroadcastOrByRows) {
  const Output x = constant({{1.0f, 2.0f}, {3.0f, 4.0f}});
  expect_near(run(where(constant({true, false}), x, -x)), {1, 2, -3, -4});
  expect_near(run(where(greater(x, 2), x, -x)), {-1, -2, 3, 4});
  expect_near(run(where(constant(true), x, -x)), {1, 2, 3, 4});
  const std::vector<Output> d = gradients({where(constant({true, false}), x, x * x)}, {x});
  expect_near(run(d[0]), {1, 1, 6, 8});
  EXPECT_ERROR(where(constant({true, false, true}), x, x), ValueError, shape_incompatible, "3");
  EXPECT_ERROR(where(constant(true), x, constant({1.0f})), ValueError, shape_incompatible,
               "(2, 2)");
}

TEST_F(BinaryTest, ClipsValues) {
  const Output x = constant({-2.0f, 0.5f, 3.0f});
  expect_near(run(clip_by_value(x, -1, 1)), {-1, 0.5, 1});
  expect_near(run(clip_by_norm(x, 1.0f)),
              {-2 / std::sqrt(13.25), 0.5 / std::sqrt(13.25), 3 / std::sqrt(13.25)});
  expect_near(run(clip_by_norm(constant({0.0f, 0.0f}), 1.0f)), {0, 0});
  expect_near(run(clip_by_average_norm(constant({3.0f, 4.0f}), 1.0f)), {1.2, 1.6});
  expect_near(run(clip_by_average_norm(constant({3.0f, 4.0f}), 5.0f)), {3, 4});
  const ClippedByGlobalNorm clipped =
      clip_by_global_norm({constant({3.0f}), Output(), constant({4.0f})}, 1.0f);
  expect_near(run(clipped.global_norm), {5});
  expect_near(run(clipped.tensors[0]), {0.6});
  EXPECT_FALSE(clipped.tensors[1]);
  expect_near(run(clipped.tensors[2]), {0.8});
  EXPECT_ERROR(global_norm({Output()}), ValueError, bad_argument, "at least one");
}

TEST(StringsTest, AreEqualOrNot) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = placeholder(DType::string, {-1}), y = placeholder(DType::string, {-1, 1});
  const Tensor words({std::string("a"), std::string("bc"), std::string()});
  EXPECT_EQ(run(equal(x, "bc"), {{x, words}}), Tensor({false, true, false}));
  EXPECT_EQ(run(not_equal(x, "bc"), {{x, words}}), Tensor({true, false, true}));
  const Feeds both = {{x, words}, {y, words.reshaped({3, 1})}};
  EXPECT_EQ(run(equal(x, y), both),
            Tensor({{true, false, false}, {false, true, false}, {false, false, true}}));
  EXPECT_EQ(run(equal(x, x), {{x, Tensor(DType::string, {0})}}).shape(), Shape({0}));
  EXPECT_EQ(run(equal(constant("a"), "a")), Tensor(true));
  EXPECT_ERROR(less(x, "a"), TypeError, dtype_incompatible, "not in list of allowed values");
  EXPECT_ERROR(equal(x, 1), TypeError, dtype_incompatible, "Expected string");
  EXPECT_ERROR(equal(constant({std::string("a"), std::string("b")}),
                     constant({std::string("a"), std::string("b"), std::string("c")})),
               ValueError, shape_incompatible, "(3,)");
}

TEST(StringsTest, DecideWhatElseIsComputed) {
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = placeholder(DType::string, {2}), number = placeholder(float32, {2});
  Session session(graph, {.emulated_gpus = 1});
  const Output y = number * cast(equal(x, "yes"), float32) + 1.0f;
  const Tensor words({std::string("yes"), std::string("no")});
  EXPECT_EQ(session.run(y, {{x, words}, {number, Tensor({2.0f, 3.0f})}}), Tensor({3.0f, 1.0f}));
}

TEST(StringsTest, AreGatheredAndToldApart) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = placeholder(DType::string, {-1});
  const Tensor words({std::string("b"), std::string("a"), std::string("b"), std::string("c")});
  const UniqueWithCounts found = unique_with_counts(x);
  EXPECT_EQ(run(found.y, {{x, words}}),
            Tensor({std::string("b"), std::string("a"), std::string("c")}));
  EXPECT_EQ(run(found.idx, {{x, words}}), Tensor({0, 1, 0, 2}));
  EXPECT_EQ(run(found.count, {{x, words}}), Tensor({2, 1, 1}));
  EXPECT_EQ(run(gather(x, {3, 0}), {{x, words}}), Tensor({std::string("c"), std::string("b")}));
}

}  // namespace
}  // namespace tenon::testing
