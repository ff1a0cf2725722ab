#include "tenon/nn.h"

#include <cmath>

#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using In = const std::vector<Output>&;

// x [pixels, channels] normalized by what `statistics` says of a channel's values.
struct Statistics {
  double mean = 0, variance = 0;
};
Statistics statistics_of(const Numbers& x, size_t channels, size_t channel) {
  Statistics s;
  const size_t pixels = x.size() / channels;
  const auto count = static_cast<double>(pixels);
  for (size_t i = channel; i < x.size(); i += channels) s.mean += x[i] / count;
  for (size_t i = channel; i < x.size(); i += channels) {
    s.variance += (x[i] - s.mean) * (x[i] - s.mean) / count;
  }
  return s;
}
Numbers normalized(const std::vector<Numbers>& in) {
  Numbers out = in[0];
  const size_t channels = in[1].size();
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t c = i % channels;
    const Statistics s = statistics_of(in[0], channels, c);
    out[i] = (out[i] - s.mean) / std::sqrt(s.variance + 0.01) * in[1][c] + in[2][c];
  }
  return out;
}

const OpCases kBatchNormCases = {
    {.name = "FusedBatchNorm",
     .build = [](In in) { return nn::fused_batch_norm(in[0], in[1], in[2], {.epsilon = 0.01}).y; },
     .inputs = {{2, 3, 2, 3}, {3}, {3}},
     .plain = normalized},
    {.name = "FusedBatchNormOfChannelsFirst",
     .build =
         [](In in) { return nn::fused_batch_norm(in[0], in[1], in[2], {.data_format = "NCHW"}).y; },
     .inputs = {{2, 3, 2, 2}, {3}, {3}}},
    {.name = "WeightedMean",
     .build = [](In in) { return nn::weighted_moments(in[0], {1}, in[1]).mean; },
     .inputs = {{2, 3}, {3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out;
           for (size_t row = 0; row < 2; ++row) {
             double sum = 0, weights = 0;
             for (size_t i = 0; i < 3; ++i) {
               sum += in[0][row * 3 + i] * in[1][i];
               weights += in[1][i];
             }
             out.push_back(sum / weights);
           }
           return out;
         },
     .low = 0.5},
    {.name = "WeightedVariance",
     .build =
         [](In in) {
           return nn::weighted_moments(in[0], Axes(), in[1], {.keepdims = true}).variance;
         },
     .inputs = {{2, 3}, {2, 1}},
     .low = 0.5},
    {.name = "L2Normalize",
     .build = [](In in) { return nn::l2_normalize(in[0], 1); },
     .inputs = {{2, 3}},
     .plain =
         [](const std::vector<Numbers>& in) {
           Numbers out = in[0];
           for (size_t i = 0; i < 6; ++i) {
             const double* row = &in[0][i / 3 * 3];
             out[i] /= std::sqrt(row[0] * row[0] + row[1] * row[1] + row[2] * row[2]);
           }
           return out;
         }},
    {.name = "XwPlusB",
     .build = [](In in) { return nn::xw_plus_b(in[0], in[1], in[2]); },
     .inputs = {{2, 3}, {3, 2}, {2}}},
    {.name = "BatchNormWithGlobalNormalization",
     .build =
         [](In in) {
           return nn::batch_norm_with_global_normalization(in[0], in[1], in[2], in[3], in[4]);
         },
     .inputs = {{2, 3}, {3}, {3}, {3}, {3}},
     .low = 0.5},
};
INSTANTIATE_TEST_SUITE_P(BatchNorm, OpCaseTest, ::testing::ValuesIn(kBatchNormCases), case_name);

class FusedBatchNormTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(FusedBatchNormTest, AnswersTheUnbiasedVarianceOfTheBatch) {
  const Tensor x = wave(float64, {2, 2, 1, 2});
  const auto result = nn::fused_batch_norm(constant(x), ones({2}, float64), zeros({2}, float64));
  const Statistics first = statistics_of(numbers(x), 2, 0),
                   second = statistics_of(numbers(x), 2, 1);
  expect_near(run(result.mean), {first.mean, second.mean}, 1e-12);
  expect_near(run(result.variance), {first.variance * 4 / 3, second.variance * 4 / 3}, 1e-12);
}

TEST_F(FusedBatchNormTest, AnswersTheVarianceOfOnePixelAsItIs) {
  const auto result = nn::fused_batch_norm(ones({1, 1, 1, 2}), ones({2}), zeros({2}));
  EXPECT_EQ(run(result.variance), Tensor({0.0f, 0.0f}));
}

TEST_F(FusedBatchNormTest, NormalizesByWhatIsGivenOutsideOfTraining) {
  const Output x = placeholder(float64, {-1, -1, -1, 2});
  const Output mean = constant(Tensor({0.5, -1.0})), variance = constant(Tensor({4.0, 0.25}));
  const auto result = nn::fused_batch_norm(
      x, constant(Tensor({2.0, 3.0})), constant(Tensor({0.1, 0.2})),
      {.mean = mean, .variance = variance, .epsilon = 0.002, .is_training = false});
  const Tensor value = wave(float64, {1, 2, 1, 2});
  const Numbers v = numbers(value);
  Numbers expected;
  for (size_t i = 0; i < 4; ++i) {
    expected.push_back(i % 2 == 0 ? (v[i] - 0.5) / std::sqrt(4.002) * 2 + 0.1
                                  : (v[i] + 1) / std::sqrt(0.252) * 3 + 0.2);
  }
  expect_near(run(result.y, {{x, value}}), expected, 1e-12);
  EXPECT_EQ(run(result.mean), Tensor({0.5, -1.0}));
  EXPECT_EQ(gradients({result.y}, {mean, variance}), std::vector<Output>(2));
  expect_gradients(result.y, {x}, {value});
}

TEST_F(FusedBatchNormTest, AveragesByAFactor) {
  const Tensor x = wave(float32, {2, 2, 1, 1});
  const auto result = nn::fused_batch_norm(
      constant(x), ones({1}), zeros({1}),
      {.mean = 8.0f * ones({1}), .variance = 4.0f * ones({1}), .exponential_avg_factor = 0.25});
  const Statistics s = statistics_of(numbers(x), 1, 0);
  expect_near(run(result.mean), {6 + s.mean / 4}, 1e-5);
  expect_near(run(result.variance), {3 + s.variance / 3}, 1e-5);
}

TEST_F(FusedBatchNormTest, TakesAnEpsilonNoSmallerThanCudnns) {
  const auto result = nn::fused_batch_norm(
      ones({1, 1, 1, 1}), ones({1}), zeros({1}),
      {.mean = zeros({1}), .variance = zeros({1}), .epsilon = 0, .is_training = false});
  expect_near(run(result.y), {1 / std::sqrt(1.001e-5)}, 1e-5);
}

TEST_F(FusedBatchNormTest, ComputesHalvesInFloat32) {
  const Output x = cast(constant(wave(float32, {2, 3, 3, 2})), float16);
  const auto half = nn::fused_batch_norm(x, ones({2}), zeros({2}));
  const auto whole = nn::fused_batch_norm(cast(x, float32), ones({2}), zeros({2}));
  EXPECT_EQ(half.y.dtype(), float16);
  EXPECT_EQ(half.mean.dtype(), float32);
  expect_near(run(cast(half.y, float32)), numbers(run(whole.y)), 2e-3);
}

TEST_F(FusedBatchNormTest, RefusesWhatDoesNotFit) {
  const Output x = zeros({1, 2, 2, 3});
  EXPECT_ERROR(nn::fused_batch_norm(x, ones({2}), zeros({3})), ValueError, shape_incompatible,
               "scale has shape (2,), but the image (1, 2, 2, 3) has 3 channels");
  EXPECT_ERROR(nn::fused_batch_norm(x, ones({3}), zeros({3}), {.is_training = false}), ValueError,
               bad_argument, "Both `mean` and `variance` must be given");
  EXPECT_ERROR(nn::fused_batch_norm(zeros({2, 3}), ones({3}), zeros({3})), ValueError,
               shape_incompatible, "rank");
  EXPECT_ERROR(nn::fused_batch_norm(zeros({1, 1, 1, 1}, int32), ones({1}), zeros({1})), TypeError,
               dtype_incompatible, "floating");
}

TEST_F(FusedBatchNormTest, NormalizesSufficientStatistics) {
  const Tensor value = wave(float64, {4, 3}, 0.3, 90, 95);
  const Output x = placeholder(float64, {-1, 3});
  for (const bool shifted : {false, true}) {
    const auto statistics = nn::sufficient_statistics(
        x, {0}, {.shift = shifted ? std::optional<Input>(92.0) : std::nullopt});
    const nn::Moments found =
        nn::normalize_moments(statistics.count, statistics.sum, statistics.sum_of_squares,
                              shifted ? std::optional<Input>(statistics.shift) : std::nullopt);
    Numbers means, variances;
    for (size_t c = 0; c < 3; ++c) {
      const Statistics s = statistics_of(numbers(value), 3, c);
      means.push_back(s.mean);
      variances.push_back(s.variance);
    }
    expect_near(run(statistics.count, {{x, value}}), {4}, 0);
    expect_near(run(found.mean, {{x, value}}), means, 1e-12);
    expect_near(run(found.variance, {{x, value}}), variances, shifted ? 1e-12 : 1e-9);
  }
}

}  // namespace
}  // namespace tenon::testing
