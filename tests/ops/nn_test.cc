#include <cmath>

#include "tenon/gradients.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

// Conv2D of one image by plain loops: NHWC, paddings given as what lies before.
Numbers convolved(const Numbers& x, const Numbers& f, int h, int w, int c, int kh, int kw, int k,
                  int stride, int pad, int oh, int ow) {
  Numbers out;
  for (int i = 0; i < oh; ++i) {
    for (int j = 0; j < ow; ++j) {
      for (int o = 0; o < k; ++o) {
        double sum = 0;
        for (int a = 0; a < kh; ++a) {
          for (int b = 0; b < kw; ++b) {
            const int row = i * stride + a - pad, column = j * stride + b - pad;
            if (row < 0 || row >= h || column < 0 || column >= w) continue;
            for (int q = 0; q < c; ++q) {
              sum += x[static_cast<size_t>((row * w + column) * c + q)] *
                     f[static_cast<size_t>(((a * kw + b) * c + q) * k + o)];
            }
          }
        }
        out.push_back(sum);
      }
    }
  }
  return out;
}

const OpCases kNnCases = {
    {.name = "BiasAdd",
     .build = [](In in) { return nn::bias_add(in[0], in[1]); },
     .inputs = {{2, 3}, {3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out = in[0];
           for (size_t i = 0; i < out.size(); ++i) out[i] += in[1][i % 3];
           return out;
         }},
    {.name = "BiasAddOfAnEmptyBatch",
     .build = [](In in) { return nn::bias_add(in[0], in[1]); },
     .inputs = {{0, 3}, {3}}},
    {.name = "BiasAddOfChannelsFirst",
     .build = [](In in) { return nn::bias_add(in[0], in[1], {.data_format = "NCHW"}); },
     .inputs = {{2, 3, 2, 2}, {3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out = in[0];
           for (size_t i = 0; i < out.size(); ++i) out[i] += in[1][i / 4 % 3];
           return out;
         }},
    {.name = "Conv2DSame",
     .build =
         [](In in) {
           return nn::conv2d(in[0], in[1], {.strides = {1, 1, 1, 1}});
         },
     .inputs = {{1, 4, 5, 2}, {3, 3, 2, 3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return convolved(in[0], in[1], 4, 5, 2, 3, 3, 3, 1, 1, 4, 5);
         }},
    {.name = "Conv2DValidStrides",
     .build = [](In in) { return nn::conv2d(in[0], in[1], {.strides = {2}, .padding = "VALID"}); },
     .inputs = {{1, 5, 5, 1}, {3, 3, 1, 2}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return convolved(in[0], in[1], 5, 5, 1, 3, 3, 2, 2, 0, 2, 2);
         }},
    {.name = "Conv2DExplicit",
     .build =
         [](In in) {
           return nn::conv2d(in[0], in[1], {.padding = {{0, 0}, {2, 1}, {2, 1}, {0, 0}}});
         },
     .inputs = {{1, 3, 3, 1}, {2, 2, 1, 1}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return convolved(in[0], in[1], 3, 3, 1, 2, 2, 1, 1, 2, 5, 5);
         }},
    {.name = "Conv2DDilated",
     .build =
         [](In in) {
           return nn::conv2d(in[0], in[1], {.padding = "VALID", .dilations = {2, 2}});
         },
     .inputs = {{2, 5, 6, 2}, {2, 2, 2, 2}}},
    {.name = "MaxPool",
     .build = [](In in) { return nn::max_pool(in[0], {.ksize = {2}, .strides = {2}}); },
     .inputs = {{2, 4, 4, 2}}},
    {.name = "MaxPoolSameOverlapping",
     .build =
         [](In in) {
           return nn::max_pool(in[0], {.ksize = {3}, .strides = {1, 2}, .padding = "SAME"});
         },
     .inputs = {{1, 3, 5, 1}}},
    {.name = "AvgPool",
     .build = [](In in) { return nn::avg_pool(in[0]); },
     .inputs = {{1, 2, 2, 1}},
     .plain =
         [](const std::vector<Numbers>& in) {
           return Numbers{(in[0][0] + in[0][1] + in[0][2] + in[0][3]) / 4};
         }},
    {.name = "AvgPoolSame",
     .build =
         [](In in) {
           return nn::avg_pool(in[0], {.ksize = {2}, .strides = {1}, .padding = "SAME"});
         },
     .inputs = {{1, 3, 3, 2}}},
    {.name = "Softmax",
     .build = [](In in) { return nn::softmax(in[0]); },
     .inputs = {{1, 3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           const Numbers& x = in[0];
           const double sum = std::exp(x[0]) + std::exp(x[1]) + std::exp(x[2]);
           return Numbers{std::exp(x[0]) / sum, std::exp(x[1]) / sum, std::exp(x[2]) / sum};
         }},
    {.name = "SoftmaxOfAnotherAxis",
     .build = [](In in) { return nn::softmax(in[0], {.axis = 1}); },
     .inputs = {{2, 3, 4}}},
    {.name = "LogSoftmax",
     .build = [](In in) { return nn::log_softmax(in[0]); },
     .inputs = {{2, 4}}},
    {.name = "SoftmaxCrossEntropy",
     .build =
         [](In in) {
           return nn::softmax_cross_entropy_with_logits(
               {.labels = nn::softmax(in[1]), .logits = in[0]});
         },
     .inputs = {{3, 4}, {3, 4}},
     .low = 0.1},
    {.name = "SoftmaxCrossEntropyOfRankThree",
     .build =
         [](In in) {
           return nn::softmax_cross_entropy_with_logits(
               {.labels = nn::softmax(in[1], {.axis = 1}), .logits = in[0], .axis = 1});
         },
     .inputs = {{2, 4, 2}, {2, 4, 2}},
     .low = 0.1},
    {.name = "SparseSoftmaxCrossEntropy",
     .build =
         [](In in) {
           return nn::sparse_softmax_cross_entropy_with_logits(
               {.labels = constant({2, 0}), .logits = in[0]});
         },
     .inputs = {{2, 3}}},
    {.name = "SigmoidCrossEntropy",
     .build =
         [](In in) {
           return nn::sigmoid_cross_entropy_with_logits({.labels = in[1], .logits = in[0]});
         },
     .inputs = {{2, 3}, {2, 3}},
     .plain = pairs([](double x, double z) {
       return std::max(x, 0.0) - x * z + std::log1p(std::exp(-std::abs(x)));
     })},
    {.name = "MomentsVariance",
     .build = [](In in) { return nn::moments(in[0], {0}).variance; },
     .inputs = {{4, 2}}},
    {.name = "BatchNormalization",
     .build =
         [](In in) {
           return nn::batch_normalization(in[0], in[1], in[2], {.offset = in[3], .scale = in[4]});
         },
     .inputs = {{3, 2}, {2}, {2}, {2}, {2}},
     .low = 0.2},
};
INSTANTIATE_TEST_SUITE_P(Nn, OpCaseTest, ::testing::ValuesIn(kNnCases), case_name);

class NnTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(NnTest, InfersShapesOfConvolutions) {
  const Output x = placeholder(float32, {-1, 28, 29, 3}), f = placeholder(float32, {3, 5, 3, 8});
  EXPECT_EQ(nn::conv2d(x, f).shape(), (Shape{-1, 28, 29, 8}));
  EXPECT_EQ(nn::conv2d(x, f, {.strides = {1, 2, 2, 1}}).shape(), (Shape{-1, 14, 15, 8}));
  EXPECT_EQ(nn::conv2d(x, f, {.padding = "VALID"}).shape(), (Shape{-1, 26, 25, 8}));
  EXPECT_EQ(nn::conv2d(x, f, {.padding = {{0, 0}, {1, 1}, {2, 2}, {0, 0}}}).shape(),
            (Shape{-1, 28, 29, 8}));
  EXPECT_EQ(nn::conv2d(x, f, {.padding = "VALID", .dilations = {2, 2}}).shape(),
            (Shape{-1, 24, 21, 8}));
  EXPECT_EQ(nn::max_pool(x).shape(), (Shape{-1, 14, 14, 3}));
  EXPECT_EQ(nn::max_pool(x, {.padding = "SAME"}).shape(), (Shape{-1, 14, 15, 3}));
}

TEST_F(NnTest, RefusesConvolutionsThatDontFit) {
  const Output x = placeholder(float32, {1, 4, 4, 3});
  EXPECT_ERROR(nn::conv2d(x, placeholder(float32, {3, 3, 2, 8})), ValueError, shape_incompatible,
               "Depth of input (3) is not a multiple of input depth of filter (2)");
  EXPECT_ERROR(nn::conv2d(x, placeholder(float32, {5, 5, 3, 8}), {.padding = "VALID"}), ValueError,
               shape_incompatible, "Negative dimension size caused by subtracting 5 from 4");
  EXPECT_ERROR(nn::conv2d(x, placeholder(float32, {3, 3, 3})), ValueError, shape_incompatible,
               "Shape must be rank 4 but is rank 3");
  EXPECT_ERROR(nn::conv2d(x, placeholder(float32, {1, 1, 3, 1}), {.padding = "FULL"}), ValueError,
               bad_argument, "FULL");
  EXPECT_ERROR(nn::conv2d(x, placeholder(float32, {1, 1, 3, 1}), {.strides = {2, 1, 1, 1}}),
               ValueError, bad_argument, "batch and depth");
  EXPECT_ERROR(nn::max_pool(x, {.ksize = {8}}), ValueError, shape_incompatible, "8");
  EXPECT_ERROR(nn::max_pool(x, {.ksize = {0}}), ValueError, bad_argument, "positive");
}

TEST_F(NnTest, RejectsABiasOfAnotherLength) {
  EXPECT_ERROR(nn::bias_add(zeros({2, 3}), zeros({4})), ValueError, shape_incompatible,
               "bias (4,) doesn't fit value (2, 3)");
  EXPECT_ERROR(nn::bias_add(zeros({3}), zeros({3})), ValueError, shape_incompatible,
               "at least rank 2");
}

TEST_F(NnTest, RefusesLossesThatDontFit) {
  const Output logits = placeholder(float32, {4, 3});
  EXPECT_ERROR(nn::softmax_cross_entropy_with_logits({.logits = logits}), ValueError, bad_argument,
               "labels");
  EXPECT_ERROR(nn::sparse_softmax_cross_entropy_with_logits(
                   {.labels = placeholder(int32, {5}), .logits = logits}),
               ValueError, shape_incompatible, "(5,)");
  EXPECT_ERROR(nn::sparse_softmax_cross_entropy_with_logits(
                   {.labels = placeholder(int32, {4, 3}), .logits = logits}),
               ValueError, shape_incompatible, "rank");
  EXPECT_ERROR(nn::sparse_softmax_cross_entropy_with_logits(
                   {.labels = placeholder(float32, {4}), .logits = logits}),
               TypeError, dtype_incompatible, "Tlabels");
}

TEST_F(NnTest, ALabelOutOfRangeFailsWhenRun) {
  const Output loss = nn::sparse_softmax_cross_entropy_with_logits(
      {.labels = constant({3}), .logits = constant({{0.0f, 1.0f, 2.0f}})});
  EXPECT_THROW(run(loss), InvalidArgumentError);
}

TEST_F(NnTest, LossesOfLargeLogitsAreFinite) {
  const Output logits = constant({{1000.0f, -1000.0f}});
  expect_near(run(nn::sparse_softmax_cross_entropy_with_logits(
                  {.labels = constant({1}), .logits = logits})),
              {2000});
  expect_near(run(nn::softmax(logits)), {1, 0});
}

TEST_F(NnTest, SecondDerivativesOfLossesAndConvolutions) {
  const Output x = placeholder(float64, {2, 3});
  const Output loss = nn::softmax_cross_entropy_with_logits(
      {.labels = constant(wave(float64, {2, 3}, 0, 0.1, 1)), .logits = x});
  expect_gradients(gradients({loss}, {x})[0], {x}, {wave(float64, {2, 3})});
  const Output image = placeholder(float64, {1, 4, 4, 1}), f = placeholder(float64, {2, 2, 1, 2});
  const Output y = nn::conv2d(image, f, {.strides = {1, 2, 2, 1}});
  const std::vector<Output> d = gradients({y * y}, {image, f});
  const std::vector<Tensor> at = {wave(float64, {1, 4, 4, 1}), wave(float64, {2, 2, 1, 2}, 2)};
  expect_gradients(d[0], {image, f}, at);
  expect_gradients(d[1], {image, f}, at);
}

TEST_F(NnTest, DropoutKeepsTheMeanAndRefusesBadRates) {
  const Output x = ones({100, 100});
  EXPECT_EQ(nn::dropout(x), x);
  const Numbers dropped = numbers(run(nn::dropout(x, {.rate = 0.25, .seed = 7})));
  double sum = 0;
  for (const double value : dropped) {
    EXPECT_TRUE(value == 0 || std::abs(value - 4.0 / 3) < 1e-6) << value;
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 1, 0.05);
  EXPECT_ERROR(nn::dropout(x, {.rate = 1}), ValueError, bad_argument, "[0, 1)");
  EXPECT_ERROR(nn::dropout(constant({1}), {.rate = 0.5}), ValueError, bad_argument, "floating");
}

}  // namespace
}  // namespace tenon::testing
