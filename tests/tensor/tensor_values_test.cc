// Tensors that a rule makes, and comparison.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "tenon/tensor.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Strings = std::vector<std::string>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(TensorValuesTest, ZerosAndOnesAreOfAnyDtypeThatHasThem) {
  EXPECT_THAT(Tensor::zeros({2}).to_vector<float>(), ElementsAre(0, 0));
  EXPECT_EQ(Tensor::zeros({2}, string), Tensor(Strings{"", ""}));
  EXPECT_EQ(Tensor::ones({2, 1}), Tensor({{1.0f}, {1.0f}}));
  EXPECT_EQ(Tensor::ones({2}, int64), Tensor({int64_t{1}, int64_t{1}}));
  EXPECT_EQ(Tensor::ones({1}, bool_), Tensor({true}));
  for (const DType half : {float16, bfloat16}) {
    EXPECT_EQ(Tensor::ones({2}, half).dtype(), half);
    EXPECT_EQ((std::ostringstream() << Tensor::ones({2}, half)).str(), "[1 1]");
  }
  EXPECT_EQ(Tensor::ones({0, 3}).element_count(), 0);
  EXPECT_ERROR(Tensor::ones({2}, string), TypeError, dtype_incompatible, "strings");
  EXPECT_ERROR(Tensor::zeros({2}, DType::resource), TypeError, dtype_incompatible, "resource");
  EXPECT_ERROR(Tensor::ones({-1}), ValueError, no_shape, "fully defined");
}

TEST(TensorValuesTest, FullHasOneValueEverywhere) {
  EXPECT_EQ(Tensor::full({2, 2}, 7), Tensor({{7, 7}, {7, 7}}));
  EXPECT_EQ(Tensor::full({}, 0.5), Tensor(0.5));
  EXPECT_EQ(Tensor::full({2}, "a"), Tensor(Strings{"a", "a"}));
  EXPECT_EQ(Tensor::full({0}, true).dtype(), bool_);
  EXPECT_ERROR(Tensor::full({2}, Tensor({1, 2})), ValueError, bad_argument, "one element");
  EXPECT_ERROR(Tensor::full({2}, Tensor()), FailedPreconditionError, bad_argument, "empty");
}

TEST(TensorValuesTest, ArangeCountsUpToItsStop) {
  EXPECT_THAT(Tensor::arange(4).to_vector<int32_t>(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Tensor::arange(2, 9, 3).to_vector<int32_t>(), ElementsAre(2, 5, 8));
  EXPECT_THAT(Tensor::arange(5, 0, -2).to_vector<int32_t>(), ElementsAre(5, 3, 1));
  EXPECT_THAT(Tensor::arange(1.0f, 2.0f, 0.25f).to_vector<float>(),
              ElementsAre(1.0f, 1.25f, 1.5f, 1.75f));
  EXPECT_THAT(Tensor::arange(1.0, 0.0, -0.5).to_vector<double>(), ElementsAre(1.0, 0.5));
  EXPECT_THAT(Tensor::arange(3, 3).to_vector<int32_t>(), IsEmpty());
  EXPECT_THAT(Tensor::arange(-1).to_vector<int32_t>(), IsEmpty());
  EXPECT_THAT(Tensor::arange(kNan).to_vector<double>(), IsEmpty());
  // Elements aren't added up: the last of many is as exact as the first.
  EXPECT_EQ(Tensor::arange(0.0f, 100000.0f, 0.1f).to_vector<float>().back(),
            static_cast<float>(999999 * static_cast<double>(0.1f)));
}

TEST(TensorValuesTest, ArangeReachesTheEndsOfItsType) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(Tensor::arange<int8_t>(-128, 127, 100).to_vector<int8_t>(),
              ElementsAre(-128, -28, 72));
  EXPECT_THAT(Tensor::arange(kLeast, kMost, kMost).to_vector<int64_t>(),
              ElementsAre(kLeast, -1, kMost - 1));
  EXPECT_THAT(Tensor::arange<uint64_t>(0, UINT64_MAX, uint64_t{1} << 63).to_vector<uint64_t>(),
              ElementsAre(0, uint64_t{1} << 63));
  EXPECT_THAT(Tensor::arange(kMost, kLeast, kLeast).to_vector<int64_t>(), ElementsAre(kMost, -1));
  EXPECT_ERROR(Tensor::arange(0, 4, 0), ValueError, bad_argument, "step other than 0");
  EXPECT_ERROR(Tensor::arange(0.0, 1.0, 1e-300), ValueError, bad_argument, "too many elements");
  EXPECT_ERROR(Tensor::arange(0.0, kInfinity), ValueError, bad_argument, "too many elements");
  EXPECT_ERROR(Tensor::arange(kLeast, kMost), ResourceExhaustedError, resource_exhausted,
               "Out of memory");
}

TEST(TensorValuesTest, EqualTensorsHaveOneDtypeOneShapeAndTheSameElements) {
  const Tensor x({1.0f, 2.0f});
  EXPECT_EQ(x, Tensor({1.0f, 2.0f}));
  EXPECT_NE(x, Tensor({1.0f, 3.0f}));
  EXPECT_NE(x, Tensor({1.0, 2.0}));
  EXPECT_NE(x, Tensor({{1.0f, 2.0f}}));
  EXPECT_NE(x, Tensor());
  EXPECT_EQ(Tensor(), Tensor());
  EXPECT_EQ(Tensor(Strings{"a", "b"}), Tensor(Strings{"a", "b"}));
  EXPECT_EQ(Tensor(0.0), Tensor(-0.0));
  EXPECT_NE(Tensor(kNan), Tensor(kNan));
  EXPECT_NE(Tensor(int64, {2}), Tensor(int64, {3}));
  EXPECT_EQ(Tensor(float32, {0, 3}), Tensor(float32, {0, 3}));
  EXPECT_EQ(Tensor(float16, {2}), Tensor(float16, {2}));
}

TEST(TensorValuesTest, CloseTensorsDifferByARoundingError) {
  EXPECT_TRUE(Tensor({1.0f, 2.0f}).allclose(Tensor({1.000001f, 2.0f})));
  EXPECT_FALSE(Tensor({1.0f, 2.0f}).allclose(Tensor({1.001f, 2.0f})));
  EXPECT_TRUE(Tensor({1.0, 2.0}).allclose(Tensor({1.001, 2.0}), 1e-2));
  EXPECT_TRUE(Tensor({0.0}).allclose(Tensor({0.4}), 0, 0.5));
  EXPECT_FALSE(Tensor({1}).allclose(Tensor({2}), 10, 10));  // integers are equal or aren't
  EXPECT_FALSE(Tensor({1.0}).allclose(Tensor({1.0f})));
  EXPECT_FALSE(Tensor({1.0}).allclose(Tensor({{1.0}})));
  EXPECT_TRUE(Tensor(kInfinity).allclose(Tensor(kInfinity)));
  EXPECT_FALSE(Tensor(kInfinity).allclose(Tensor(1.0)));
  EXPECT_FALSE(Tensor(1.0).allclose(Tensor(kInfinity)));
  EXPECT_FALSE(Tensor(kNan).allclose(Tensor(kNan)));
  EXPECT_TRUE(Tensor().allclose(Tensor()));
}

TEST(TensorValuesTest, AVectorHoldsACopyOfTheElements) {
  Tensor x({{1, 2}, {3, 4}});
  const std::vector<int32_t> copy = x.to_vector<int32_t>();
  x.mutable_data<int32_t>()[0] = 9;
  EXPECT_THAT(copy, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Tensor({true, false}).to_vector<bool>(), ElementsAre(true, false));
  EXPECT_ERROR(x.to_vector<float>(), TypeError, dtype_incompatible, "holds int32, not float32");
  EXPECT_ERROR(Tensor().to_vector<float>(), FailedPreconditionError, bad_argument, "empty");
}

}  // namespace
}  // namespace tenon
