// Operations on bits.
#include "tenon/bitwise.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

template <typename T>
class BitwiseTest : public ::testing::Test {
 protected:
  // Of all pairs of these, of what is fed: what is constant would be folded.
  void expect_pairs(Output (*function)(Input, Input, const OpOptions&), T (*plain)(T, T)) {
    const auto [xs, ys] = pairs_of_numbers();
    const Output x = placeholder(dtype_of<T>, {-1}), y = placeholder(dtype_of<T>, {-1});
    const Tensor found = run(function(x, y, {}), {{x, Tensor(xs)}, {y, Tensor(ys)}});
    ASSERT_EQ(found.dtype(), dtype_of<T>);
    for (size_t i = 0; i < xs.size(); ++i) {
      EXPECT_EQ(found.data<T>()[i], plain(xs[i], ys[i])) << +xs[i] << ", " << +ys[i];
    }
  }

  static std::vector<T> numbers_of_type() {
    constexpr T kMost = std::numeric_limits<T>::max(), kLeast = std::numeric_limits<T>::min();
    return {0,
            1,
            2,
            3,
            5,
            7,
            9,
            37,
            100,
            kMost,
            static_cast<T>(kMost - 1),
            kLeast,
            static_cast<T>(-1),
            static_cast<T>(-2),
            static_cast<T>(0x5a)};
  }

  static std::pair<std::vector<T>, std::vector<T>> pairs_of_numbers() {
    std::pair<std::vector<T>, std::vector<T>> pairs;
    for (const T x : numbers_of_type()) {
      for (const T y : numbers_of_type()) {
        pairs.first.push_back(x);
        pairs.second.push_back(y);
      }
    }
    return pairs;
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

using Integers =
    ::testing::Types<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>;
TYPED_TEST_SUITE(BitwiseTest, Integers);

TYPED_TEST(BitwiseTest, AndOrXorGoBitByBit) {
  using T = TypeParam;
  this->expect_pairs(bitwise::bitwise_and, [](T x, T y) { return static_cast<T>(x & y); });
  this->expect_pairs(bitwise::bitwise_or, [](T x, T y) { return static_cast<T>(x | y); });
  this->expect_pairs(bitwise::bitwise_xor, [](T x, T y) { return static_cast<T>(x ^ y); });
}

TYPED_TEST(BitwiseTest, ShiftsStopAtTheWidth) {
  using T = TypeParam;
  // TensorFlow's clamp.
  static constexpr auto kBits = [](T y) {
    constexpr int kWidth = 8 * static_cast<int>(sizeof(T));
    return y < 0 ? 0 : y > kWidth - 1 ? kWidth - 1 : static_cast<int>(y);
  };
  this->expect_pairs(bitwise::left_shift,
                     [](T x, T y) { return static_cast<T>(static_cast<uint64_t>(x) << kBits(y)); });
  this->expect_pairs(bitwise::right_shift, [](T x, T y) { return static_cast<T>(x >> kBits(y)); });
}

TYPED_TEST(BitwiseTest, InvertAndPopulationCountLookAtAllBits) {
  using T = TypeParam;
  const std::vector<T> xs = this->numbers_of_type();
  const Output x = placeholder(dtype_of<T>, {-1});
  const Tensor inverted = run(bitwise::invert(x), {{x, Tensor(xs)}});
  const Tensor counted = run(bitwise::population_count(x), {{x, Tensor(xs)}});
  for (size_t i = 0; i < xs.size(); ++i) {
    EXPECT_EQ(inverted.data<T>()[i], static_cast<T>(~xs[i])) << +xs[i];
    EXPECT_EQ(counted.data<uint8_t>()[i],
              std::popcount(static_cast<std::make_unsigned_t<T>>(xs[i])))
        << +xs[i];
  }
}

TEST(BitwiseOpsTest, OperandsBroadcast) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output x = constant({{1, 2}, {4, 8}});
  EXPECT_EQ(run(bitwise::left_shift(x, 3)), Tensor({{8, 16}, {32, 64}}));
  EXPECT_EQ(run(bitwise::bitwise_or(x, {16, 32})), Tensor({{17, 34}, {20, 40}}));
  EXPECT_EQ(run(bitwise::invert(constant(Tensor(int32, {0, 2})))).shape(), Shape({0, 2}));
}

TEST(BitwiseOpsTest, RefusesWhatHasNoBits) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  EXPECT_ERROR(bitwise::bitwise_and(constant(1.0f), constant(2.0f)), TypeError, dtype_incompatible,
               "not in list of allowed values");
  EXPECT_ERROR(bitwise::invert(constant(true)), TypeError, dtype_incompatible, "Invert");
  EXPECT_ERROR(bitwise::bitwise_or(constant({1, 2}), constant({1, 2, 3})), ValueError,
               shape_incompatible, "(3,)");
  const Output x = constant({1, 2});
  EXPECT_FALSE(gradients({cast(bitwise::invert(x), float32)}, {x})[0]);
}

}  // namespace
}  // namespace tenon::testing
