#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/backend/elementwise.h"
#include "tenon/error.h"

namespace tenon::internal {
namespace {

TEST(ElementwiseBuilderTest, NumbersInputsThenConstantsThenInstructions) {
  ElementwiseBuilder b;
  const auto two = b.constant(float32, 2);
  const auto x = b.input(float32);
  const auto program = b.finish({b.add(b.multiply(x, two), x)});
  ASSERT_EQ(program.inputs.size(), 1u);
  ASSERT_EQ(program.constants.size(), 1u);
  ASSERT_EQ(program.instructions.size(), 2u);
  EXPECT_EQ(program.to_string(), "v0 = multiply(in0, 2); v1 = add(v0, in0); return v1");
  EXPECT_THAT(program.outputs, ::testing::ElementsAre(3));
  EXPECT_EQ(program.dtype_of_value(3), float32);
}

TEST(ElementwiseBuilderTest, DropsWhatNoOutputNeedsButKeepsInputs) {
  ElementwiseBuilder b;
  const auto x = b.input(float32), y = b.input(float32);
  b.add(x, b.constant(float32, 5));
  const auto program = b.finish({b.negate(y)});
  EXPECT_EQ(program.inputs.size(), 2u);
  EXPECT_TRUE(program.constants.empty());
  EXPECT_EQ(program.to_string(), "v0 = negate(in1); return v0");
}

TEST(ElementwiseBuilderTest, MergesEqualInstructionsAndConstants) {
  ElementwiseBuilder b;
  const auto x = b.input(float64);
  const auto a = b.add(x, b.constant_like(x, 1)), c = b.add(x, b.constant_like(x, 1));
  const auto program = b.finish({b.multiply(a, c)});
  EXPECT_EQ(program.constants.size(), 1u);
  EXPECT_EQ(program.to_string(), "v0 = add(in0, 1); v1 = multiply(v0, v0); return v1");
}

TEST(ElementwiseBuilderTest, KeepsCastsToDifferentDtypesApart) {
  ElementwiseBuilder b;
  const auto x = b.input(float32);
  const auto program = b.finish({b.cast(x, int32), b.cast(x, int64), b.cast(x, float32)});
  EXPECT_EQ(program.to_string(),
            "v0 = cast<int32>(in0); v1 = cast<int64>(in0); return v0, v1, in0");
}

TEST(ElementwiseBuilderTest, KeepsZeroAndMinusZeroApart) {
  ElementwiseBuilder b;
  const auto x = b.input(float32);
  const auto program =
      b.finish({b.divide(x, b.constant_like(x, 0.0)), b.divide(x, b.constant_like(x, -0.0))});
  EXPECT_EQ(program.constants.size(), 2u);
}

TEST(ElementwiseBuilderTest, IntegerConstantsAreConvertedOnce) {
  ElementwiseBuilder b;
  b.input(int64);
  const auto program = b.finish({b.constant(int64, -3.7), b.constant(int64, INFINITY),
                                 b.constant(bool_, 0.5), b.constant(int64, NAN)});
  EXPECT_EQ(program.constants[0].integer, -3);
  EXPECT_EQ(program.constants[1].integer, INT64_MAX);
  EXPECT_EQ(program.constants[2].integer, 1);
  EXPECT_EQ(program.constants[3].integer, INT64_MIN);
}

TEST(ElementwiseBuilderTest, ComparisonsAnswerBool) {
  ElementwiseBuilder b;
  const auto x = b.input(float32);
  EXPECT_EQ(b.dtype(b.binary(Primitive::kLess, x, x)), bool_);
  EXPECT_EQ(b.dtype(b.unary(Primitive::kIsNan, x)), bool_);
  EXPECT_EQ(b.dtype(b.select(b.unary(Primitive::kIsFinite, x), x, x)), float32);
}

template <typename F>
std::string type_error(F f) {
  try {
    f();
  } catch (const TypeError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::dtype_incompatible);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(ElementwiseBuilderTest, RejectsMixedDtypes) {
  ElementwiseBuilder b;
  const auto x = b.input(float32), y = b.input(int32);
  EXPECT_EQ(type_error([&] { b.add(x, y); }),
            "Operands of add have dtypes float32 and int32; cast one of them first");
  EXPECT_EQ(type_error([&] { b.select(x, x, x); }),
            "The condition of select has dtype float32, not bool");
}

TEST(ElementwiseBuilderTest, EveryPrimitiveHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Primitive::kSelect); ++i) {
    EXPECT_TRUE(names.insert(to_string(static_cast<Primitive>(i))).second);
  }
  EXPECT_EQ(operand_count(Primitive::kTanh), 1);
  EXPECT_EQ(operand_count(Primitive::kCast), 1);
  EXPECT_EQ(operand_count(Primitive::kAdd), 2);
  EXPECT_EQ(operand_count(Primitive::kLogicalOr), 2);
  EXPECT_EQ(operand_count(Primitive::kSelect), 3);
}

}  // namespace
}  // namespace tenon::internal
