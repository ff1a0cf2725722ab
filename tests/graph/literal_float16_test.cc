// Literals in the floating dtypes of 16 bits.
#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>
#include <string>

#include "core/graph/signature.h"
#include "tenon/ops.h"

namespace tenon {
namespace {

using internal::convert_literal;

std::string printed(const Tensor& tensor) {
  std::ostringstream out;
  out << tensor;
  return out.str();
}

TEST(LiteralFloat16Test, RoundsToTheNearestHalvesToEven) {
  const Tensor value({1.0, 0.1, 65519.0, 65520.0, 2049.0, 2051.0, 5.96e-8});
  EXPECT_EQ(printed(convert_literal(value, float16)),
            "[1 0.0999756 65504 inf 2048 2052 5.96046e-08]");
  EXPECT_EQ(printed(convert_literal(Tensor({1.0, 0.1}), bfloat16)), "[1 0.100098]");
}

TEST(LiteralFloat16Test, AnIntegerBecomesAFloatNeverTheOtherWayRound) {
  EXPECT_EQ(printed(convert_literal(Tensor(7), float16)), "7");
  EXPECT_FALSE(convert_literal(convert_literal(Tensor(7.0), float16), int32));
}

TEST(LiteralFloat16Test, ALiteralTakesTheDtypeOfTheTensorBesideIt) {
  Graph graph;
  auto as_default = graph.as_default();
  EXPECT_EQ(add(placeholder(float16), 0.5f).dtype(), float16);
}

TEST(LiteralFloat16Test, ConstantsOfOneCanBeFilled) {
  Graph graph;
  auto as_default = graph.as_default();
  const Output c = constant(0.5, {.dtype = float16, .shape = {2, 3}});
  EXPECT_EQ(c.dtype(), float16);
  EXPECT_EQ(c.shape(), Shape({2, 3}));
  EXPECT_EQ(zeros({2}, float16).dtype(), float16);
}

TEST(LiteralFloat16Test, AnEmptyConstantTakesAnyValue) {
  Graph graph;
  auto as_default = graph.as_default();
  EXPECT_EQ(constant(0.5f, {.shape = {0, 3}}).shape(), Shape({0, 3}));
}

}  // namespace
}  // namespace tenon
