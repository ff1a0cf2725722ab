// Index arithmetic of the CUDA kernels, which the host can do too.
#include "cuda/offsets.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/testing/errors.h"

namespace tenon::cuda {
namespace {

// Numbers around which a division's quotient changes, and the ends of the range.
std::vector<int64_t> numbers_around(int64_t divisor, int64_t limit) {
  std::vector<int64_t> numbers = {0, 1, limit / 2, limit - 1, limit};
  for (const int64_t times : {int64_t{1}, int64_t{2}, int64_t{3}, limit / divisor}) {
    for (const int64_t step : {-1, 0, 1}) numbers.push_back(times * divisor + step);
  }
  std::erase_if(numbers, [&](int64_t number) { return number < 0 || number > limit; });
  return numbers;
}

void expect_divides(int64_t divisor, int64_t limit) {
  const Divider by(divisor, limit);
  for (const int64_t number : numbers_around(divisor, limit)) {
    ASSERT_EQ(by.divide(number), number / divisor) << number << " / " << divisor;
    ASSERT_EQ(by.rest(number), number % divisor) << number << " % " << divisor;
    int64_t rest = number;
    ASSERT_EQ(by.split(rest), number / divisor);
    ASSERT_EQ(rest, number % divisor);
  }
}

TEST(DividerTest, DividesAsTheProcessorDoes) {
  for (int64_t divisor = 1; divisor < 3000; ++divisor) expect_divides(divisor, INT32_MAX);
  for (int shift = 1; shift < 31; ++shift) {
    for (const int64_t step : {-1, 0, 1}) expect_divides((int64_t{1} << shift) + step, INT32_MAX);
  }
  expect_divides(INT32_MAX, INT32_MAX);
}

TEST(DividerTest, DividesNumbersOfMoreThan31Bits) {
  for (const int64_t divisor : {int64_t{1}, int64_t{7}, int64_t{1} << 31, int64_t{5} << 33}) {
    expect_divides(divisor, int64_t{1} << 40);
  }
}

TEST(DividerTest, TakesASizeOfZeroForOne) {
  EXPECT_EQ(Divider(0, 0).divisor(), 1);
  EXPECT_EQ(Divider(0, 0).divide(0), 0);
}

TEST(OffsetsTest, AddsUpAxisByAxis) {
  Offsets offsets;
  offsets.add(5, 3, 60);     // the innermost
  offsets.add(4, 0, 60);     // repeated
  offsets.add(3, -100, 60);  // backwards
  for (int64_t i = 0; i < 60; ++i) {
    ASSERT_EQ(offsets(i), i % 5 * 3 + i / 20 * -100) << i;
  }
}

TEST(OffsetsTest, OfAScalarIsZero) { EXPECT_EQ(Offsets()(0), 0); }

TEST(OffsetsTest, RefusesMoreAxesThanKernelsTake) {
  Offsets offsets;
  for (int axis = 0; axis < kMostAxes; ++axis) offsets.add(2, 1, 1 << kMostAxes);
  EXPECT_ERROR(offsets.add(2, 1, 1 << kMostAxes), UnimplementedError, no_kernel, "at most 16 axes");
}

}  // namespace
}  // namespace tenon::cuda
