// Elementwise programs of each dtype: division, comparison, casts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cpu_fallback/elementwise_testing.h"

namespace tenon {
namespace {

using testing::expect_error;

TEST(CpuElementwiseDtypesTest, IntegersDivideAsTensorFlowDoes) {
  const Tensor a({7, -7, 7, -7, INT32_MIN}), b({2, 2, -2, -2, -1});
  const auto run = [&](Primitive primitive) {
    const Tensor y = run_program(binary_program(primitive, int32), {a, b}, {5});
    return std::vector<int32_t>(y.data<int32_t>().begin(), y.data<int32_t>().end());
  };
  EXPECT_THAT(run(Primitive::kDivide), ::testing::ElementsAre(3, -3, -3, 3, INT32_MIN));
  EXPECT_THAT(run(Primitive::kFloorDivide), ::testing::ElementsAre(3, -4, -4, 3, INT32_MIN));
  EXPECT_THAT(run(Primitive::kFloorMod), ::testing::ElementsAre(1, 1, -1, -1, 0));
  EXPECT_THAT(run(Primitive::kTruncateMod), ::testing::ElementsAre(1, -1, 1, -1, 0));
}

TEST(CpuElementwiseDtypesTest, FloatsDivideAndTakeRestsByTheDivisorsSign) {
  const Tensor a({7.5, -7.5, 7.5, -7.5}), b({2.0, 2.0, -2.0, -2.0});
  const auto run = [&](Primitive primitive) {
    const Tensor y = run_program(binary_program(primitive, float64), {a, b}, {4});
    return std::vector<double>(y.data<double>().begin(), y.data<double>().end());
  };
  EXPECT_THAT(run(Primitive::kFloorDivide), ::testing::ElementsAre(3, -4, -4, 3));
  EXPECT_THAT(run(Primitive::kFloorMod), ::testing::ElementsAre(1.5, 0.5, -0.5, -1.5));
  EXPECT_THAT(run(Primitive::kTruncateMod), ::testing::ElementsAre(1.5, -1.5, 1.5, -1.5));
}

TEST(CpuElementwiseDtypesTest, IntegerDivisionByZeroThrows) {
  const Tensor a({int64_t{1}, int64_t{2}}), b({int64_t{1}, int64_t{0}});
  for (const Primitive primitive : {Primitive::kDivide, Primitive::kFloorDivide,
                                    Primitive::kFloorMod, Primitive::kTruncateMod}) {
    expect_error<InvalidArgumentError>(
        [&] {
          run_program(binary_program(primitive, int64), {a, b}, {2});
        },
        ErrorKind::bad_argument, "Integer division by zero");
  }
}

TEST(CpuElementwiseDtypesTest, IntegerPowersWrapAndRejectNegativeExponents) {
  const Tensor y = run_program(binary_program(Primitive::kPower, int32),
                               {Tensor({2, -3, 0, 65536}), Tensor({10, 3, 0, 2})}, {4});
  EXPECT_THAT(y.data<int32_t>(), ::testing::ElementsAre(1024, -27, 1, 0));
  expect_error<InvalidArgumentError>(
      [] {
        run_program(binary_program(Primitive::kPower, int32), {Tensor({2}), Tensor({-1})}, {1});
      },
      ErrorKind::bad_argument, "Integers to negative integer powers are not allowed");
}

TEST(CpuElementwiseDtypesTest, ComparesAndSelects) {
  ElementwiseBuilder b;
  const auto x = b.input(int64), y = b.input(int64);
  const auto program = b.finish({b.select(b.binary(Primitive::kGreater, x, y), x, y)});
  const Tensor larger = run_program(
      program,
      {Tensor({int64_t{1}, int64_t{5}, INT64_MIN}), Tensor({int64_t{3}, int64_t{4}, int64_t{0}})},
      {3});
  EXPECT_THAT(larger.data<int64_t>(), ::testing::ElementsAre(3, 5, 0));
  const Tensor nans({NAN, 1.0f});
  const auto compare = [&](Primitive primitive) {
    const Tensor r = run_program(binary_program(primitive, float32), {nans, nans}, {2});
    return std::vector<bool>(r.data<bool>().begin(), r.data<bool>().end());
  };
  EXPECT_THAT(compare(Primitive::kEqual), ::testing::ElementsAre(false, true));
  EXPECT_THAT(compare(Primitive::kNotEqual), ::testing::ElementsAre(true, false));
  EXPECT_THAT(compare(Primitive::kLessEqual), ::testing::ElementsAre(false, true));
  EXPECT_THAT(compare(Primitive::kGreaterEqual), ::testing::ElementsAre(false, true));
}

TEST(CpuElementwiseDtypesTest, TellsFiniteNumbersFromOthers) {
  const Tensor x({1.0f, INFINITY, -INFINITY, NAN, 3e38f});
  const auto run = [&](Primitive primitive) {
    const Tensor r = run_program(unary_program(primitive, float32), {x}, {5});
    return std::vector<bool>(r.data<bool>().begin(), r.data<bool>().end());
  };
  EXPECT_THAT(run(Primitive::kIsFinite), ::testing::ElementsAre(true, false, false, false, true));
  EXPECT_THAT(run(Primitive::kIsNan), ::testing::ElementsAre(false, false, false, true, false));
}

TEST(CpuElementwiseDtypesTest, CastsBetweenAllDtypes) {
  const DType dtypes[] = {float32, float64, int32, int64,  bool_,  float16, bfloat16,
                          int8,    uint8,   int16, uint16, uint32, uint64};
  for (const DType from : dtypes) {
    for (const DType to : dtypes) {
      // float32 -> from -> to -> float32
      ElementwiseBuilder b;
      const auto program = b.finish({b.cast(b.cast(b.cast(b.input(float32), from), to), float32)});
      const Tensor y = run_program(program, {Tensor({0.0f, 1.0f, 1.0f, 0.0f, 1.0f})}, {5});
      EXPECT_THAT(y.data<float>(), ::testing::ElementsAre(0, 1, 1, 0, 1)) << from << ' ' << to;
    }
  }
}

TEST(CpuElementwiseDtypesTest, CastsTruncateAndKeepWithinTheType) {
  ElementwiseBuilder b;
  const auto program = b.finish({b.cast(b.input(float32), int32)});
  const Tensor y = run_program(program, {Tensor({1.9f, -1.9f, 3e9f, -3e9f, NAN})}, {5});
  EXPECT_THAT(y.data<int32_t>(), ::testing::ElementsAre(1, -1, INT32_MIN, INT32_MIN, INT32_MIN));
}

TEST(CpuElementwiseDtypesTest, HalfPrecisionRoundsToNearest) {
  ElementwiseBuilder b;
  const auto x = b.cast(b.input(float32), float16);
  const auto program = b.finish({b.cast(b.add(x, x), float32)});
  const Tensor y =
      run_program(program, {Tensor({1.0f, 0.1f, 1e-7f, 6e4f, 2049.0f, INFINITY, -2.5f})}, {7});
  EXPECT_THAT(y.data<float>(), ::testing::ElementsAre(2, 2 * 0.0999755859375f, 2 * 0x1p-23f,
                                                      INFINITY, 4096, INFINITY, -5));
}

TEST(CpuElementwiseDtypesTest, NegationOfBoolHasNoKernel) {
  expect_error<UnimplementedError>(
      [] { run_program(unary_program(Primitive::kNegate, bool_), {Tensor({true})}, {1}); },
      ErrorKind::no_kernel, "There is no negate of bool");
}

}  // namespace
}  // namespace tenon
