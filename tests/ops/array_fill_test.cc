#include <cstdint>
#include <limits>
#include <vector>

#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class ArrayFillTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

constexpr int64_t kBeyondInt32 = (int64_t{1} << 31) + 11;

// Short ranges are made with the graph, long ones by a kernel; those of fed limits by it, too.
template <typename T>
void expect_elements_of_range(T start, T delta) {
  const Output fed = placeholder(dtype_of<T>, {});
  const Output longer = range(constant(Tensor(start)), fed, constant(Tensor(delta)));
  Session session(fed.graph());
  const Tensor all =
      session.run(longer, {{fed, Tensor(static_cast<T>(start + delta * static_cast<T>(5000.5)))}});
  const Tensor shorter =
      session.run(range(constant(Tensor(start)),
                        constant(Tensor(static_cast<T>(start + delta * static_cast<T>(900.5)))),
                        constant(Tensor(delta))));
  ASSERT_EQ(shorter.element_count(), 901);
  ASSERT_EQ(all.element_count(), 5001);
  for (size_t i = 0; i < 5001; ++i) {
    const double exact =
        static_cast<double>(start) + static_cast<double>(i) * static_cast<double>(delta);
    EXPECT_EQ(all.data<T>()[i], static_cast<T>(exact)) << i;
    if (i < 901) {
      EXPECT_EQ(shorter.data<T>()[i], all.data<T>()[i]) << i;
    }
  }
}

TEST_F(ArrayFillTest, RangesOfFloatsHaveTheSameElementsWhateverTheirLength) {
  expect_elements_of_range<float>(0.0F, 0.1F);
  expect_elements_of_range<float>(-3.0F, 0.37F);
  expect_elements_of_range<double>(1.0, 0.1);
}

TEST_F(ArrayFillTest, RangesOfExtremeIntegers) {
  const int64_t least = std::numeric_limits<int64_t>::min();
  const int64_t most = std::numeric_limits<int64_t>::max();
  const Tensor steps = run(
      range(constant(Tensor(least)), constant(Tensor(most)), constant(Tensor(int64_t{1} << 62))));
  EXPECT_EQ(std::vector<int64_t>(steps.data<int64_t>().begin(), steps.data<int64_t>().end()),
            (std::vector<int64_t>{least, least / 2, 0, int64_t{1} << 62}));
}

TEST_F(ArrayFillTest, FillTakesAScalarAlone) {
  EXPECT_ERROR(fill({2}, constant(Tensor({1.0F, 2.0F}))), ValueError, shape_incompatible,
               "Shape must be rank 0 but is rank 1: the value of fill");
  const Output value = placeholder(float32);
  EXPECT_ERROR(run(fill({2}, value), {{value, Tensor({1.0F, 2.0F})}}), InvalidArgumentError,
               shape_incompatible, "the value of fill");
}

TEST_F(ArrayFillTest, ShapesThatInt32CannotHoldAskForInt64) {
  const Output x = placeholder(uint8, {});
  const Output large = broadcast_to(x, {kBeyondInt32});
  const Feeds feeds = {{x, Tensor(uint8_t{1})}};
  EXPECT_ERROR(run(shape(large), feeds), InvalidArgumentError, bad_argument,
               "2147483659 of a tensor of shape (2147483659,) is more than int32 can hold: ask for "
               "out_type int64");
  EXPECT_ERROR(run(size(large), feeds), InvalidArgumentError, bad_argument, "number of elements");
  EXPECT_EQ(run(shape(large, {.out_type = int64}), feeds).data<int64_t>()[0], kBeyondInt32);
  EXPECT_EQ(run(size(large, {.out_type = int64}), feeds).scalar<int64_t>(), kBeyondInt32);
}

TEST_F(ArrayFillTest, SizesOfAManyDimensionalTensorAreCountedInInt64) {
  const Output large = broadcast_to(zeros({1, 1}, uint8), {1 << 16, 1 << 16});
  EXPECT_EQ(run(shape(large)).data<int32_t>()[0], 1 << 16);
  EXPECT_ERROR(run(size(large)), InvalidArgumentError, bad_argument, "4294967296");
}

// Literals of one list type: what one of them needs, all get.
TEST_F(ArrayFillTest, LiteralsOfSizesBeyondInt32MakeTheOthersInt64) {
  const Output x = broadcast_to(zeros({1}, uint8), {kBeyondInt32});
  const Output part = slice(x, {0}, {int64_t{1} << 31});
  EXPECT_EQ(part.shape(), (Shape{int64_t{1} << 31}));
  EXPECT_EQ(part.op().input(1).dtype(), int64);
  const Output strided = strided_slice(x, {1}, {int64_t{1} << 31});
  EXPECT_EQ(strided.shape(), (Shape{(int64_t{1} << 31) - 1}));
  EXPECT_EQ(range(0, int64_t{1} << 31).dtype(), int64);
}

}  // namespace
}  // namespace tenon::testing
