#include "tenon/tensor.h"

#include <gtest/gtest.h>

#include "tests/testing/errors.h"

namespace tenon {
namespace {

TEST(TensorTest, HoldsAScalar) {
  const Tensor tensor(1.5f);
  EXPECT_EQ(tensor.dtype(), float32);
  EXPECT_EQ(tensor.shape(), Shape({}));
  EXPECT_EQ(tensor.scalar<float>(), 1.5f);
}

TEST(TensorTest, HoldsAMatrixRowByRow) {
  const Tensor tensor({{1, 2, 3}, {4, 5, 6}});
  EXPECT_EQ(tensor.dtype(), int32);
  EXPECT_EQ(tensor.shape(), Shape({2, 3}));
  EXPECT_EQ(tensor.data<int32_t>()[4], 5);
}

TEST(TensorTest, RejectsRowsOfDifferentLengths) {
  EXPECT_ERROR(Tensor({{1, 2}, {3}}), ValueError, shape_incompatible, "one length");
}

TEST(TensorTest, IsZeroWhenMadeFromAShape) {
  const Tensor tensor(float64, {3});
  for (const double value : tensor.data<double>()) EXPECT_EQ(value, 0.0);
}

TEST(TensorTest, MayHaveNoElements) {
  const Tensor tensor(float32, {0, 3});
  EXPECT_TRUE(static_cast<bool>(tensor));
  EXPECT_EQ(tensor.element_count(), 0);
  EXPECT_TRUE(tensor.data<float>().empty());
}

TEST(TensorTest, RejectsAShapeThatIsNotFullyKnown) {
  EXPECT_ERROR(Tensor(float32, {-1, 2}), ValueError, no_shape, "(?, 2)");
  EXPECT_ERROR(Tensor(float32, Shape::unknown()), ValueError, no_shape, "<unknown>");
}

TEST(TensorTest, RejectsMoreElementsThanCanBeCounted) {
  const int64_t huge = int64_t{1} << 40;
  EXPECT_ERROR(Tensor(float32, {huge, huge}), ValueError, bad_argument, "64 bits");
  EXPECT_ERROR(Tensor(float32, {huge, 1 << 20}), ResourceExhaustedError, resource_exhausted,
               "Out of memory");
}

TEST(TensorTest, RejectsReadingUnderAnotherDtype) {
  const Tensor tensor(1.0f);
  EXPECT_ERROR(tensor.data<double>(), TypeError, dtype_incompatible, "holds float32, not float64");
}

TEST(TensorTest, RejectsAScalarOfManyElements) {
  EXPECT_ERROR(Tensor({1, 2}).scalar<int32_t>(), ValueError, bad_argument, "(2,)");
}

TEST(TensorTest, RejectsTheWrongNumberOfValues) {
  EXPECT_ERROR(Tensor::from<float>(std::vector<float>{1, 2, 3}, {2, 2}), ValueError,
               shape_incompatible, "3 values");
}

TEST(TensorTest, SharesItsBufferWithCopiesAndReshapes) {
  Tensor tensor({1.0f, 2.0f});
  const Tensor same = tensor.reshaped({2, 1});
  tensor.mutable_data<float>()[1] = 7.0f;
  EXPECT_EQ(same.data<float>()[1], 7.0f);
  EXPECT_EQ(same.shape(), Shape({2, 1}));
  EXPECT_ERROR(tensor.reshaped({3}), ValueError, shape_incompatible, "2 elements");
}

TEST(TensorTest, ClonesIntoMemoryOfItsOwn) {
  Tensor tensor({1.0f, 2.0f});
  const Tensor copy = tensor.clone();
  tensor.mutable_data<float>()[0] = 7.0f;
  EXPECT_EQ(copy.data<float>()[0], 1.0f);
}

TEST(TensorTest, HoldsStrings) {
  const Tensor tensor({std::string("a"), std::string("bc")});
  EXPECT_EQ(tensor.dtype(), string);
  EXPECT_EQ(tensor.clone().data<std::string>()[1], "bc");
}

TEST(TensorTest, AdoptsMemoryAndReleasesItOnce) {
  int released = 0;
  float numbers[] = {1, 2};
  {
    const std::vector<Tensor> copies(3, Tensor::adopt(float32, {2}, numbers, [&] { ++released; }));
    for (const Tensor& copy : copies) EXPECT_EQ(copy.raw(), numbers);
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

TEST(TensorTest, PrintsAsNumPyDoes) {
  std::ostringstream out;
  out << Tensor({{1, 2}, {3, 4}}) << ' ' << Tensor(2.5f) << ' ' << Tensor(true);
  out << ' ' << Tensor(UINT32_MAX) << ' ' << Tensor({UINT64_MAX, uint64_t{0}});
  EXPECT_EQ(out.str(), "[[1 2]\n [3 4]] 2.5 True 4294967295 [18446744073709551615 0]");
}

TEST(TensorTest, ShortensLongAxesWhenPrinted) {
  std::ostringstream out;
  out << Tensor(int32, {2000});
  EXPECT_EQ(out.str(), "[0 0 0 ... 0 0 0]");
}

}  // namespace
}  // namespace tenon
