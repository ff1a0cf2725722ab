// Convolutions made of Conv2D: transposed, of each channel, of lines; and channels that come first.
#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

// "VALID", stride 1, of one image [4, 5, 3] by a filter [2, 3, 3, 2].
Numbers each_channel_convolved(const Numbers& x, const Numbers& f) {
  Numbers out;
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      for (size_t o = 0; o < 6; ++o) {
        double sum = 0;
        for (size_t a = 0; a < 2; ++a) {
          for (size_t b = 0; b < 3; ++b) {
            sum += x[((i + a) * 5 + j + b) * 3 + o / 2] * f[(a * 3 + b) * 6 + o];
          }
        }
        out.push_back(sum);
      }
    }
  }
  return out;
}

// Stride 2, "SAME", of a line [5, 2] by a filter [3, 2, 2].
Numbers line_convolved(const Numbers& x, const Numbers& f) {
  Numbers out;
  for (int i = 0; i < 3; ++i) {
    for (size_t o = 0; o < 2; ++o) {
      double sum = 0;
      for (int a = 0; a < 3; ++a) {
        const int at = 2 * i + a - 1;
        if (at < 0 || at >= 5) continue;
        for (size_t c = 0; c < 2; ++c) {
          sum += x[static_cast<size_t>(at) * 2 + c] * f[(static_cast<size_t>(a) * 2 + c) * 2 + o];
        }
      }
      out.push_back(sum);
    }
  }
  return out;
}

const nn::Conv2DOptions kValid{.padding = "VALID"};
const nn::Conv2DOptions kStrided{.strides = {2}, .padding = "SAME"};
const nn::Conv2DOptions kDilated{.padding = "SAME", .dilations = {2}};
const nn::Conv2DOptions kChannelsFirst{
    .strides = {1, 1, 2, 1}, .padding = "SAME", .data_format = "NCHW"};

const OpCases kConvFormsCases = {
    {.name = "DepthwiseConv2D",
     .build = [](In in) { return nn::depthwise_conv2d(in[0], in[1], kValid); },
     .inputs = {{1, 4, 5, 3}, {2, 3, 3, 2}},
     .plain = [](const std::vector<Numbers>& in) { return each_channel_convolved(in[0], in[1]); }},
    {.name = "DepthwiseConv2DWithStrides",
     .build = [](In in) { return nn::depthwise_conv2d(in[0], in[1], kStrided); },
     .inputs = {{2, 5, 4, 3}, {3, 2, 3, 1}}},
    {.name = "DepthwiseConv2DDilated",
     .build = [](In in) { return nn::depthwise_conv2d(in[0], in[1], kDilated); },
     .inputs = {{1, 6, 5, 2}, {3, 3, 2, 3}}},
    {.name = "DepthwiseConv2DOfOneChannel",
     .build = [](In in) { return nn::depthwise_conv2d(in[0], in[1], kValid); },
     .inputs = {{1, 4, 4, 1}, {2, 2, 1, 3}}},
    {.name = "DepthwiseConv2DOfAnEmptyBatch",
     .build = [](In in) { return nn::depthwise_conv2d(in[0], in[1], kValid); },
     .inputs = {{0, 4, 4, 2}, {2, 2, 2, 3}}},
    {.name = "DepthwiseConv2DThenBiasAndRelu",
     .build =
         [](In in) { return nn::relu(nn::bias_add(nn::depthwise_conv2d(in[0], in[1]), in[2])); },
     .inputs = {{1, 3, 3, 2}, {2, 2, 2, 2}, {4}}},
    {.name = "SeparableConv2D",
     .build = [](In in) { return nn::separable_conv2d(in[0], in[1], in[2], kStrided); },
     .inputs = {{1, 5, 4, 2}, {3, 3, 2, 2}, {1, 1, 4, 3}}},
    {.name = "Conv1D",
     .build = [](In in) { return nn::conv1d(in[0], in[1], {.stride = 2}); },
     .inputs = {{1, 5, 2}, {3, 2, 2}},
     .plain = [](const std::vector<Numbers>& in) { return line_convolved(in[0], in[1]); }},
    {.name = "Conv1DOfChannelsFirst",
     .build =
         [](In in) {
           return nn::conv1d(in[0], in[1],
                             {.padding = "VALID", .dilation = 2, .data_format = "NCW"});
         },
     .inputs = {{2, 3, 6}, {2, 3, 2}}},
    {.name = "Conv2DTranspose",
     .build =
         [](In in) {
           return nn::conv2d_transpose(in[0], in[1], {1, 5, 4, 2}, kStrided);
         },
     .inputs = {{1, 3, 2, 3}, {3, 3, 2, 3}}},
    {.name = "Conv2DOfChannelsFirst",
     .build = [](In in) { return nn::conv2d(in[0], in[1], kChannelsFirst); },
     .inputs = {{1, 2, 5, 4}, {3, 3, 2, 3}}},
    {.name = "Conv2DTransposeOfChannelsFirst",
     .build =
         [](In in) {
           return nn::conv2d_transpose(in[0], in[1], {1, 2, 5, 4}, kChannelsFirst);
         },
     .inputs = {{1, 3, 3, 4}, {3, 3, 2, 3}}},
    {.name = "MaxPoolOfChannelsFirst",
     .build =
         [](In in) {
           return nn::max_pool(in[0], {.ksize = {2}, .strides = {2}, .data_format = "NCHW"});
         },
     .inputs = {{1, 3, 4, 4}}},
};
INSTANTIATE_TEST_SUITE_P(ConvForms, OpCaseTest, ::testing::ValuesIn(kConvFormsCases), case_name);

class ConvFormsTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

// <conv(x), v> = <x, transposed(v)> is what makes it the transposed.
TEST_F(ConvFormsTest, ConvolvesTransposed) {
  const Output x = constant(wave(float64, {1, 5, 4, 2})), f = constant(wave(float64, {3, 3, 2, 3}));
  const Output v = constant(wave(float64, {1, 3, 2, 3}, 2));
  const Output back = nn::conv2d_transpose(v, f, {1, 5, 4, 2}, kStrided);
  EXPECT_EQ(back.name(), "conv2d_transpose:0");
  expect_near(run(reduce_sum(nn::conv2d(x, f, kStrided) * v)), numbers(run(reduce_sum(x * back))),
              1e-12);
}

TEST_F(ConvFormsTest, TurnsChannelsFirstAround) {
  const Output x = constant(wave(float32, {2, 3, 5, 4})), f = constant(wave(float32, {3, 2, 3, 2}));
  const Output first = nn::conv2d(x, f,
                                  {.strides = {1, 1, 2, 1},
                                   .padding = {{0, 0}, {0, 0}, {2, 1}, {0, 1}},
                                   .dilations = {1, 1, 1, 2},
                                   .data_format = "NCHW"});
  const Output last = nn::conv2d(transpose(x, {.perm = {0, 2, 3, 1}}), f,
                                 {.strides = {1, 2, 1, 1},
                                  .padding = {{0, 0}, {2, 1}, {0, 1}, {0, 0}},
                                  .dilations = {1, 1, 2, 1}});
  EXPECT_EQ(first.name(), "Conv2D:0");
  EXPECT_EQ(first.shape(), Shape({2, 2, 3, 3}));
  EXPECT_EQ(run(first), run(transpose(last, {.perm = {0, 3, 1, 2}})));
  const Output pooled = nn::avg_pool(
      x,
      {.ksize = {1, 1, 3, 2}, .strides = {1, 1, 2, 1}, .padding = "SAME", .data_format = "NCHW"});
  const Output plain = nn::avg_pool(transpose(x, {.perm = {0, 2, 3, 1}}),
                                    {.ksize = {3, 2}, .strides = {2, 1}, .padding = "SAME"});
  EXPECT_EQ(run(pooled), run(transpose(plain, {.perm = {0, 3, 1, 2}})));
}

TEST_F(ConvFormsTest, TakesSizesOfATensorTransposed) {
  const Output v = constant(wave(float32, {1, 3, 3, 4})), f = constant(wave(float32, {3, 3, 2, 3}));
  const Output sizes = placeholder(int32, {4});
  const Output asked = nn::conv2d_transpose(v, f, sizes, kChannelsFirst);
  const Output told = nn::conv2d_transpose(v, f, {1, 2, 5, 4}, kChannelsFirst);
  EXPECT_EQ(run(asked, {{sizes, Tensor({1, 2, 5, 4})}}), run(told));
}

TEST_F(ConvFormsTest, ConvolvesEachChannelAlikeWithAnyNumberOfThreads) {
  const Output x = placeholder(float32, {3, 20, 17, 8}), f = placeholder(float32, {5, 3, 8, 2});
  const Output y = nn::depthwise_conv2d(x, f, kStrided);
  const std::vector<Output> all = {y, gradients({y * y}, {x})[0], gradients({y * y}, {f})[0]};
  const Feeds feeds = {{x, wave(float32, {3, 20, 17, 8})}, {f, wave(float32, {5, 3, 8, 2})}};
  const auto one = Session(graph_, {.threads = 1}).run(all, feeds);
  const auto four = Session(graph_, {.threads = 4}).run(all, feeds);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(one[i], four[i]);
}

TEST_F(ConvFormsTest, KnowsShapes) {
  const Output x = placeholder(float32, {-1, -1, 8, 3});
  const Output y = nn::depthwise_conv2d(x, zeros({3, 3, 3, 2}), kStrided);
  EXPECT_EQ(y.shape(), Shape({-1, -1, 4, 6}));
  EXPECT_EQ(
      nn::conv1d(placeholder(float32, {-1, 9, 4}), zeros({3, 4, 5}), {.padding = "VALID"}).shape(),
      Shape({-1, 7, 5}));
}

TEST_F(ConvFormsTest, RefusesChannelsThatDoNotFit) {
  EXPECT_ERROR(nn::depthwise_conv2d(zeros({1, 3, 3, 4}), zeros({2, 2, 3, 2})), ValueError,
               shape_incompatible, "The image has 4 channels, the filter is for 3");
  const Output x = placeholder(float32), f = placeholder(float32);
  EXPECT_ERROR(run(nn::depthwise_conv2d(x, f),
                   {{x, Tensor(float32, {1, 3, 3, 4})}, {f, Tensor(float32, {2, 2, 8, 1})}}),
               InvalidArgumentError, shape_incompatible, "");
  EXPECT_ERROR(nn::separable_conv2d(zeros({1, 3, 3, 2}), zeros({2, 2, 2, 1}), zeros({2, 1, 2, 3})),
               ValueError, shape_incompatible, "pointwise_filter must have shape [1, 1, C * M, K]");
  EXPECT_ERROR(
      nn::conv2d_transpose(zeros({1, 3, 3, 4}), zeros({2, 2, 3, 5}), {1, 6, 6, 3}, kStrided),
      ValueError, shape_incompatible, "out_backprop has shape");
  EXPECT_ERROR(nn::conv1d(zeros({1, 3, 2}), zeros({2, 2, 2}), {.data_format = "NHWC"}), ValueError,
               bad_argument, "data_format must be NWC or NCW, not NHWC");
}

// Where sizes are known before it is a mistake; in a run, as in TensorFlow's, there is no place for
// it, unless it sticks out by two strides and more.
TEST_F(ConvFormsTest, AWindowThatSticksOutInTheRunHasNoPlace) {
  const Output x = placeholder(float32, {1, -1, 4, 1}), filter = ones({1, 3, 1, 2});
  const auto convolved = [&](int64_t stride) {
    return nn::conv2d(x, filter, {.strides = {stride}, .padding = "VALID", .dilations = {1, 2}});
  };
  Session session(graph_);
  const Tensor six = Tensor::ones({1, 6, 4, 1}), four = Tensor::ones({1, 6, 3, 1});
  const Output any = placeholder(float32, {1, -1, -1, 1});
  const Output late = nn::conv2d(any, filter, {.padding = "VALID", .dilations = {1, 2}});
  EXPECT_EQ(session.run(late, {{any, six}}).shape(), Shape({1, 6, 0, 2}));
  EXPECT_EQ(session.run(gradients({late}, {any})[0], {{any, six}}), Tensor::zeros({1, 6, 4, 1}));
  EXPECT_ERROR(session.run(late, {{any, four}}), InvalidArgumentError, shape_incompatible,
               "Negative dimension size caused by subtracting 5 from 3");
  EXPECT_ERROR(convolved(1), ValueError, shape_incompatible,
               "Negative dimension size caused by subtracting 5 from 4");
  const Output pooled = nn::max_pool(any, {.ksize = {1, 5}, .strides = {1, 1}, .padding = "VALID"});
  EXPECT_EQ(session.run(pooled, {{any, six}}).shape(), Shape({1, 6, 0, 1}));
}

}  // namespace
}  // namespace tenon::testing
