// Constants and placeholders. Values are TensorFlow 2.21's, but where a constant would lose
// something in its dtype: NumPy wraps it around, here it is refused.
#include <string>

#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

class ConstantTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(ConstantTest, HasItsValuesDtypeOrTheOneAskedFor) {
  EXPECT_EQ(constant(1).dtype(), int32);
  EXPECT_EQ(constant(1.5).dtype(), float32);
  EXPECT_EQ(constant(int64_t{1} << 31).dtype(), int64);
  EXPECT_EQ(constant(true).dtype(), bool_);
  EXPECT_EQ(constant("a").dtype(), string);
  EXPECT_EQ(run(constant({1, 2}, {.dtype = float64})), Tensor({1.0, 2.0}));
  EXPECT_EQ(run(constant(255, {.dtype = uint8})).scalar<uint8_t>(), 255);
}

TEST_F(ConstantTest, FillsAShapeWithItsLastElement) {
  EXPECT_EQ(run(constant(7, {.shape = {2, 2}})), Tensor({{7, 7}, {7, 7}}));
  EXPECT_EQ(run(constant({1, 2}, {.shape = {5}})), Tensor({1, 2, 2, 2, 2}));
  EXPECT_EQ(run(constant({1, 2, 3, 4}, {.shape = {2, 2}})), Tensor({{1, 2}, {3, 4}}));
  EXPECT_EQ(run(constant("a", {.shape = {2}})).to_vector<std::string>(),
            (std::vector<std::string>{"a", "a"}));
  EXPECT_EQ(run(constant(7, {.shape = {0, 3}})).shape(), Shape({0, 3}));
  EXPECT_EQ(run(constant(Tensor(float32, {0}), {.shape = {0, 3}})).shape(), Shape({0, 3}));
}

TEST_F(ConstantTest, KeepsItsValueWhenTheTensorChanges) {
  Tensor value({1, 2});
  const Output kept = constant(value);
  value.mutable_data<int32_t>()[0] = 9;
  EXPECT_EQ(run(kept), Tensor({1, 2}));
}

TEST_F(ConstantTest, RefusesWhatItCannotHold) {
  EXPECT_ERROR(constant({1, 2, 3}, {.shape = {2}}), ValueError, shape_incompatible,
               "Too many elements provided. Takes at most 2, but got 3");
  EXPECT_ERROR(constant(Tensor(float32, {0}), {.shape = {2}}), ValueError, bad_argument,
               "can't be made of no elements");
  EXPECT_ERROR(constant(1.5, {.dtype = int32}), TypeError, dtype_incompatible, "Expected int32");
  EXPECT_ERROR(constant(300, {.dtype = uint8}), TypeError, dtype_incompatible, "Expected uint8");
  EXPECT_ERROR(constant(-1, {.dtype = uint8}), TypeError, dtype_incompatible, "Expected uint8");
  EXPECT_ERROR(constant("a", {.dtype = float32}), TypeError, dtype_incompatible,
               "Expected float32");
  EXPECT_ERROR(constant(constant(1)), TypeError, bad_argument,
               "constant takes values, not the tensor 'Const");
}

TEST_F(ConstantTest, PlaceholdersTakeWhatFitsTheirShape) {
  const Output x = placeholder(float32, {-1, 2});
  EXPECT_EQ(x.shape(), Shape({-1, 2}));
  EXPECT_EQ(run(x, {{x, Tensor({{1.0F, 2.0F}})}}), Tensor({{1.0F, 2.0F}}));
  EXPECT_EQ(run(x, {{x, Tensor(float32, {0, 2})}}).shape(), Shape({0, 2}));
  EXPECT_ERROR(run(x, {{x, Tensor({1.0F, 2.0F})}}), ValueError, bad_feed_shape, "(2,)");
  EXPECT_ERROR(run(x), InvalidArgumentError, must_feed, x.op().name());
  EXPECT_ERROR(placeholder(float32, {-2}), ValueError, shape_incompatible, "-2");
}

TEST_F(ConstantTest, ADefaultIsTakenWhereNothingIsFed) {
  const Output from = constant({1.0F, 2.0F});
  const Output x = placeholder_with_default(from, {-1});
  EXPECT_EQ(x.shape(), Shape({-1}));
  EXPECT_EQ(run(x), Tensor({1.0F, 2.0F}));
  EXPECT_EQ(run(x, {{x, Tensor({3.0F})}}), Tensor({3.0F}));
  const Output gradient = gradients({square(x)}, {from})[0];
  EXPECT_EQ(run(gradient), Tensor({2.0F, 4.0F}));
  EXPECT_ERROR(placeholder_with_default(from, {3}), ValueError, shape_incompatible,
               "The default of shape (2,) doesn't fit the placeholder's shape (3,)");
}

}  // namespace
}  // namespace tenon::testing
