// What comes back through an operation must have the shape of its result; where only the run knows
// both, the run says so and names the operation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class GradientShapesTest : public ::testing::Test {
 protected:
  // The gradient of f at an x of that shape, where one of shape `dy` comes back.
  Tensor gradient(const Shape& of, const Shape& dy, const std::function<Output(Output)>& f) {
    const Output x = placeholder(float32, Shape::unknown()),
                 y = placeholder(float32, Shape::unknown());
    const Output into = gradients({f(x)}, {x}, {.grad_ys = {y}})[0];
    return Session(graph_).run(into, {{x, Tensor(float32, of)}, {y, Tensor(float32, dy)}});
  }
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(GradientShapesTest, OfPoolingIsThatOfThePooledImage) {
  const auto largest = [](const Output& x) { return nn::max_pool(x); };
  const auto average = [](const Output& x) { return nn::avg_pool(x); };
  EXPECT_EQ(gradient({1, 4, 4, 16}, {1, 2, 2, 16}, largest).shape(), Shape({1, 4, 4, 16}));
  EXPECT_ERROR(gradient({1, 4, 4, 16}, {1, 2, 2, 1}, largest), InvalidArgumentError,
               shape_incompatible, "has shape (1, 2, 2, 1), but must have shape (1, 2, 2, 16)");
  EXPECT_ERROR(gradient({8, 32, 32, 4}, {1, 1, 1, 4}, average), InvalidArgumentError,
               shape_incompatible, "has shape (1, 1, 1, 4), but must have shape (8, 16, 16, 4)");
}

TEST_F(GradientShapesTest, OfASliceIsThatOfTheSlice) {
  const auto sliced = [](const Output& x) { return strided_slice(x, {0}, {300}); };
  EXPECT_EQ(gradient({400, 2}, {300, 2}, sliced).shape(), Shape({400, 2}));
  for (const Shape& dy : {Shape{1, 2}, Shape{}}) {
    EXPECT_ERROR(gradient({400, 2}, dy, sliced), InvalidArgumentError, shape_incompatible,
                 "but must have shape (300, 2)");
  }
}

TEST_F(GradientShapesTest, OfAConvolutionIsThatOfItsResult) {
  const auto convolved = [](const Output& x) { return nn::conv2d(x, ones({3, 3, 4, 4})); };
  EXPECT_ERROR(gradient({8, 32, 32, 4}, {1, 1, 1, 4}, convolved), InvalidArgumentError,
               shape_incompatible, "has shape (1, 1, 1, 4)");
}

// A transposed convolution: rows, columns, batch and depth that don't belong to what comes.
TEST_F(GradientShapesTest, ATransposedConvolutionRefusesSizesThatDontBelongToItsInput) {
  const Output filter = ones({3, 3, 1, 1}), small = ones({1, 3, 3, 1});
  const nn::Conv2DOptions options{.strides = {2}, .padding = "SAME"};
  for (const Shape& sizes : {Shape{1, 7, 7, 1}, Shape{1, 100, 100, 1}, Shape{2, 5, 5, 1}}) {
    EXPECT_ERROR(nn::conv2d_backprop_input(sizes, filter, small, options), ValueError,
                 shape_incompatible, "out_backprop has shape (1, 3, 3, 1)");
  }
  EXPECT_ERROR(nn::conv2d_backprop_input({1, 5, 5, 1}, filter, ones({1, 3, 3, 2}), options),
               ValueError, shape_incompatible, "out_backprop has shape (1, 3, 3, 2)");
  for (const Shape& image : {Shape{2, 5, 5, 1}, Shape{1, 9, 9, 1}}) {
    EXPECT_ERROR(nn::conv2d_backprop_filter(ones(image), {3, 3, 1, 1}, small, options), ValueError,
                 shape_incompatible, "out_backprop has shape (1, 3, 3, 1)");
  }
}

TEST_F(GradientShapesTest, ATransposedConvolutionRefusesAnotherBatchWhenItRuns) {
  const Output z = placeholder(float32, {-1, 4, 4, 2});
  const Output picture = nn::conv2d_backprop_input({8, 8, 8, 3}, ones({5, 5, 3, 2}), z,
                                                   {.strides = {2}, .padding = "SAME"});
  Session session(graph_);
  EXPECT_EQ(session.run(picture, {{z, Tensor(float32, {8, 4, 4, 2})}}).shape(),
            Shape({8, 8, 8, 3}));
  EXPECT_ERROR(session.run(picture, {{z, Tensor(float32, {1, 4, 4, 2})}}), InvalidArgumentError,
               shape_incompatible, "(Conv2DBackpropInput)");
}

}  // namespace
}  // namespace tenon
