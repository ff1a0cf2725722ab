// Convolutions in groups: each has its own part of the image's channels and of the filters.
#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

// Plain loops, "VALID" with stride 1.
struct Sizes {
  size_t height, width, channels, rows, columns, outputs, groups;
};
Numbers convolved_in_groups(const Numbers& x, const Numbers& f, const Sizes& s) {
  const size_t in = s.channels / s.groups, out = s.outputs / s.groups;
  Numbers result;
  for (size_t i = 0; i + s.rows <= s.height; ++i) {
    for (size_t j = 0; j + s.columns <= s.width; ++j) {
      for (size_t o = 0; o < s.outputs; ++o) {
        double sum = 0;
        for (size_t a = 0; a < s.rows; ++a) {
          for (size_t b = 0; b < s.columns; ++b) {
            for (size_t c = 0; c < in; ++c) {
              const size_t channel = o / out * in + c;
              sum += x[((i + a) * s.width + j + b) * s.channels + channel] *
                     f[((a * s.columns + b) * in + c) * s.outputs + o];
            }
          }
        }
        result.push_back(sum);
      }
    }
  }
  return result;
}

OpCase in_groups(const char* name, const Sizes& s) {
  const auto size = [](size_t number) { return static_cast<int64_t>(number); };
  return {.name = name,
          .build = [](In in) { return nn::conv2d(in[0], in[1], {.padding = "VALID"}); },
          .inputs = {{1, size(s.height), size(s.width), size(s.channels)},
                     {size(s.rows), size(s.columns), size(s.channels / s.groups), size(s.outputs)}},
          .plain =
              [s](const std::vector<Numbers>& in) { return convolved_in_groups(in[0], in[1], s); }};
}

const OpCases kConvInGroupsCases = {
    in_groups("Conv2DInTwoGroups", {4, 5, 4, 2, 3, 6, 2}),
    in_groups("Conv2DInThreeGroupsOfOneOutput", {3, 3, 6, 2, 2, 3, 3}),
    in_groups("Conv2DOfEachChannel", {4, 4, 3, 2, 2, 6, 3}),
    {.name = "Conv2DInGroupsWithStridesAndPadding",
     .build = [](In in) { return nn::conv2d(in[0], in[1], {.strides = {2}, .padding = "SAME"}); },
     .inputs = {{2, 5, 4, 4}, {3, 3, 2, 4}}},
    {.name = "Conv2DInGroupsThenBiasAndRelu",
     .build = [](In in) { return nn::relu(nn::bias_add(nn::conv2d(in[0], in[1]), in[2])); },
     .inputs = {{1, 3, 3, 4}, {2, 2, 2, 4}, {4}}},
};
INSTANTIATE_TEST_SUITE_P(ConvInGroups, OpCaseTest, ::testing::ValuesIn(kConvInGroupsCases),
                         case_name);

class ConvInGroupsTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(ConvInGroupsTest, HasSecondDerivatives) {
  const Output x = placeholder(float64, {1, 3, 3, 4}), f = placeholder(float64, {2, 2, 2, 2});
  const Output y = nn::conv2d(x, f, {.padding = "VALID"});
  const std::vector<Output> first = gradients({y * y}, {x, f});
  const std::vector<Tensor> values = {wave(float64, {1, 3, 3, 4}), wave(float64, {2, 2, 2, 2}, 2)};
  expect_gradients(first[0], {x, f}, values);
  expect_gradients(first[1], {x, f}, values);
}

// A grouped convolution is one of each part, side by side.
TEST_F(ConvInGroupsTest, IsAConvolutionOfEachPart) {
  const Output x = constant(wave(float32, {3, 17, 16, 8})),
               f = constant(wave(float32, {3, 3, 4, 10}));
  const std::vector<Output> images = split(x, 2, {.axis = 3}), filters = split(f, 2, {.axis = 3});
  const Output whole = nn::conv2d(x, f);
  const Output parts =
      concat({nn::conv2d(images[0], filters[0]), nn::conv2d(images[1], filters[1])}, 3);
  expect_near(run(whole), numbers(run(parts)), 1e-5);
}

TEST_F(ConvInGroupsTest, RefusesGroupsThatDoNotDivide) {
  EXPECT_ERROR(nn::conv2d(zeros({1, 3, 3, 4}), zeros({2, 2, 3, 4})), ValueError, shape_incompatible,
               "is not a multiple of input depth of filter");
  EXPECT_ERROR(nn::conv2d(zeros({1, 3, 3, 4}), zeros({2, 2, 2, 3})), ValueError, shape_incompatible,
               "is not a multiple of the number of groups");
  const Output x = placeholder(float32), f = placeholder(float32);
  EXPECT_ERROR(run(nn::conv2d(x, f),
                   {{x, Tensor(float32, {1, 3, 3, 4})}, {f, Tensor(float32, {2, 2, 3, 4})}}),
               InvalidArgumentError, shape_incompatible, "input depth of filter");
}

TEST_F(ConvInGroupsTest, RefusesNegativePadding) {
  EXPECT_ERROR(nn::conv2d(zeros({1, 3, 3, 1}), zeros({2, 2, 1, 1}),
                          {.padding = {{0, 0}, {-1, 1}, {0, 0}, {0, 0}}}),
               ValueError, bad_argument, "Explicit padding must not be negative");
}

}  // namespace
}  // namespace tenon::testing
