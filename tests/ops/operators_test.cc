// C++ operators on Outputs, Variables and literals. Names are those of TensorFlow's.

#include "tenon/ops.h"
#include "tenon/variable.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class OperatorsTest : public ::testing::Test {
 protected:
  static Numbers value(const Output& output) { return numbers(run(output)); }
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(OperatorsTest, CompareElements) {
  const Output x = constant({1, 2, 3}), y = constant({3, 2, 1});
  EXPECT_EQ(value(x < y), (Numbers{1, 0, 0}));
  EXPECT_EQ(value(x <= y), (Numbers{1, 1, 0}));
  EXPECT_EQ(value(x > y), (Numbers{0, 0, 1}));
  EXPECT_EQ(value(x >= y), (Numbers{0, 1, 1}));
  EXPECT_EQ(value(x < 2), (Numbers{1, 0, 0}));
  EXPECT_EQ(value(2 < x), (Numbers{0, 0, 1}));
  EXPECT_EQ(value(x >= 2), (Numbers{0, 1, 1}));
  EXPECT_EQ(value(2 >= x), (Numbers{1, 1, 0}));
  EXPECT_EQ(value(x <= 1), (Numbers{1, 0, 0}));
  EXPECT_EQ(value(1 > x), (Numbers{0, 0, 0}));
}

TEST_F(OperatorsTest, CombineBools) {
  const Output a = constant({true, true, false, false}), b = constant({true, false, true, false});
  EXPECT_EQ(value(a & b), (Numbers{1, 0, 0, 0}));
  EXPECT_EQ(value(a | b), (Numbers{1, 1, 1, 0}));
  EXPECT_EQ(value(a ^ b), (Numbers{0, 1, 1, 0}));
  EXPECT_EQ(value(~a), (Numbers{0, 0, 1, 1}));
  EXPECT_EQ(value(a & true), (Numbers{1, 1, 0, 0}));
  EXPECT_EQ(value(true ^ a), (Numbers{0, 0, 1, 1}));
  EXPECT_ERROR(constant(1) & constant(2), TypeError, dtype_incompatible, "bool");
}

TEST_F(OperatorsTest, TakeTheRemainderWithTheDivisorsSign) {
  const Output x = constant({7, -7});
  EXPECT_EQ(value(x % 3), (Numbers{1, 2}));
  EXPECT_EQ(value(x % -3), (Numbers{-2, -1}));
  EXPECT_EQ(value(10 % x), (Numbers{3, -4}));
  EXPECT_EQ(value(floordiv(x, 2)), (Numbers{3, -4}));
  EXPECT_EQ(value(pow(x, 2)), (Numbers{49, 49}));
}

TEST_F(OperatorsTest, TakeVariables) {
  const Variable v(Tensor({1.0F, 4.0F}), {.name = "v"});
  Session session;
  session.run(v.initializer());
  const auto of = [&](const Output& output) { return numbers(session.run(output)); };
  EXPECT_EQ(of(v < 2.0F), (Numbers{1, 0}));
  EXPECT_EQ(of(v >= v), (Numbers{1, 1}));
  EXPECT_EQ(of(v % 3.0F), (Numbers{1, 1}));
  EXPECT_EQ(of(pow(v, 2)), (Numbers{1, 16}));
  EXPECT_EQ(of(floordiv(v, 2.0F)), (Numbers{0, 2}));
  EXPECT_EQ(of(~(v > 2.0F)), (Numbers{1, 0}));
}

TEST_F(OperatorsTest, NameTheirOperationsAsTensorFlowDoes) {
  const Output x = constant({1, 2}), a = constant({true, false});
  EXPECT_EQ((x < x).name(), "Less:0");
  EXPECT_EQ((x <= x).name(), "LessEqual:0");
  EXPECT_EQ((x > x).name(), "Greater:0");
  EXPECT_EQ((x >= x).name(), "GreaterEqual:0");
  EXPECT_EQ((x % x).name(), "mod:0");
  EXPECT_EQ((a & a).name(), "and:0");
  EXPECT_EQ((a | a).name(), "or:0");
  EXPECT_EQ((a ^ a).name(), "xor:0");
  EXPECT_EQ((~a).name(), "LogicalNot:0");
}

}  // namespace
}  // namespace tenon::testing
