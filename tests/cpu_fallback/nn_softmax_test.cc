// Softmax, its losses, and BiasAdd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using testing::expect_error;
using testing::KernelCase;
using testing::launch;
using testing::run_kernel;
using testing::same_bits;
using testing::wave;

template <typename T>
std::vector<double> softmax_of(const Tensor& x, bool log) {
  const auto columns = static_cast<size_t>(x.shape().back());
  const auto data = x.data<T>();
  std::vector<double> out;
  for (size_t row = 0; row + columns <= data.size() && columns > 0; row += columns) {
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < columns; ++i) max = std::max(max, static_cast<double>(data[row + i]));
    for (size_t i = 0; i < columns; ++i) sum += std::exp(static_cast<double>(data[row + i]) - max);
    for (size_t i = 0; i < columns; ++i) {
      const double shifted = static_cast<double>(data[row + i]) - max - std::log(sum);
      out.push_back(log ? shifted : std::exp(shifted));
    }
  }
  return out;
}

template <typename T>
void check_softmax(double tolerance) {
  for (const Shape& shape : {Shape{1}, Shape{10}, Shape{64, 10}, Shape{3, 1}, Shape{2, 3, 17},
                             Shape{5, 1000}, Shape{0, 4}}) {
    for (const bool log : {false, true}) {
      const Tensor x = wave<T>(shape, 0.4, 20);
      const Tensor y = launch({.op = log ? "LogSoftmax" : "Softmax",
                               .dtype = dtype_of<T>,
                               .inputs = {x},
                               .outputs = {{dtype_of<T>, shape}}});
      const auto expected = softmax_of<T>(x, log);
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_NEAR(y.data<T>()[i], expected[i], tolerance * (1 + std::abs(expected[i])));
      }
    }
  }
}

TEST(CpuSoftmaxTest, Float32IsNearDouble) { check_softmax<float>(1e-6); }
TEST(CpuSoftmaxTest, Float64IsNearDouble) { check_softmax<double>(1e-14); }

TEST(CpuSoftmaxTest, HugeAndInfiniteLogits) {
  const Tensor x({{1e30f, 0.0f, -1e30f}, {-INFINITY, 1.0f, 1.0f}, {NAN, 1.0f, 2.0f}});
  const Tensor y =
      launch({.op = "Softmax", .dtype = float32, .inputs = {x}, .outputs = {{float32, {3, 3}}}});
  const auto p = y.data<float>();
  EXPECT_THAT(p.subspan(0, 6), ::testing::ElementsAre(1, 0, 0, 0, 0.5f, 0.5f));
  EXPECT_TRUE(std::isnan(p[6]) && std::isnan(p[7]) && std::isnan(p[8]));
}

KernelCase dense_case(const Tensor& logits, const Tensor& labels, const Shape& shape) {
  return {.op = "SoftmaxCrossEntropyWithLogits",
          .dtype = logits.dtype(),
          .inputs = {logits, labels},
          .outputs = {{logits.dtype(), {shape[0]}}, {logits.dtype(), shape}}};
}

TEST(CpuCrossEntropyTest, DenseLossAndGradientAreNearDouble) {
  for (const Shape& shape : {Shape{64, 10}, Shape{3, 1}, Shape{2, 700}}) {
    const Tensor logits = wave<float>(shape, 0.1, 8);
    Tensor labels = wave<float>(shape, 0.8);
    for (float& label : labels.mutable_data<float>()) label = std::abs(label);
    const auto run = run_kernel(dense_case(logits, labels, shape));
    const auto p = softmax_of<float>(logits, false), log_p = softmax_of<float>(logits, true);
    const auto columns = static_cast<size_t>(shape[1]);
    for (size_t row = 0; row < static_cast<size_t>(shape[0]); ++row) {
      double loss = 0;
      for (size_t i = row * columns; i < (row + 1) * columns; ++i) {
        const double label = static_cast<double>(labels.data<float>()[i]);
        loss -= label * log_p[i];
        EXPECT_NEAR(run.outputs[1].data<float>()[i], p[i] - label, 1e-6);
      }
      EXPECT_NEAR(run.outputs[0].data<float>()[row], loss, 1e-6 * (1 + loss));
    }
  }
}

TEST(CpuCrossEntropyTest, LogitsOrLabelsMayBeBroadcast) {
  const Tensor logits({{0.5, 1.5, -1.0}, {2.0, 0.0, 1.0}}), label({{0.2, 0.3, 0.5}});
  const Tensor both({{0.2, 0.3, 0.5}, {0.2, 0.3, 0.5}});
  const auto wide = run_kernel(dense_case(logits, both, {2, 3}));
  const auto narrow = run_kernel(dense_case(logits, label, {2, 3}));
  EXPECT_TRUE(same_bits(wide.outputs[0], narrow.outputs[0]));
  EXPECT_TRUE(same_bits(wide.outputs[1], narrow.outputs[1]));
  const Tensor column({{0.5}, {2.0}}), columns({{0.5, 0.5, 0.5}, {2.0, 2.0, 2.0}});
  const auto short_rows = run_kernel(dense_case(column, both, {2, 3}));
  const auto long_rows = run_kernel(dense_case(columns, both, {2, 3}));
  EXPECT_TRUE(same_bits(short_rows.outputs[0], long_rows.outputs[0]));
  EXPECT_TRUE(same_bits(short_rows.outputs[1], long_rows.outputs[1]));
}

template <typename Index>
KernelCase sparse_case(const Tensor& logits, const std::vector<Index>& labels) {
  const Shape rows = {static_cast<int64_t>(labels.size())};
  return {.op = "SparseSoftmaxCrossEntropyWithLogits",
          .dtype = logits.dtype(),
          .inputs = {logits, Tensor::from<Index>(labels, rows)},
          .outputs = {{logits.dtype(), rows}, {logits.dtype(), logits.shape()}}};
}

TEST(CpuCrossEntropyTest, SparseLossAndGradientAreNearDouble) {
  const Tensor logits = wave<double>({4, 10}, 0.1, 8);
  const std::vector<int64_t> labels = {0, 9, 3, 3};
  const auto run = run_kernel(sparse_case<int64_t>(logits, labels));
  const auto p = softmax_of<double>(logits, false), log_p = softmax_of<double>(logits, true);
  for (size_t row = 0; row < 4; ++row) {
    const auto label = static_cast<size_t>(labels[row]);
    EXPECT_NEAR(run.outputs[0].data<double>()[row], -log_p[row * 10 + label], 1e-13);
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_NEAR(run.outputs[1].data<double>()[row * 10 + i], p[row * 10 + i] - (i == label),
                  1e-14);
    }
  }
}

TEST(CpuCrossEntropyTest, RejectsLabelsThatAreNoClass) {
  for (const int32_t label : {3, -1}) {
    expect_error<InvalidArgumentError>(
        [&] {
          launch(sparse_case<int32_t>(wave<float>({2, 3}), {1, label}));
        },
        ErrorKind::bad_argument, "which is outside the valid range of [0, 3).");
  }
}

TEST(CpuBiasAddTest, AddsTheBiasToEachChannel) {
  for (const bool last : {true, false}) {
    const Shape shape = last ? Shape{2, 3, 4, 5} : Shape{2, 5, 3, 4};
    const Tensor x = wave<float>(shape), bias = wave<float>({5}, 0.9);
    const internal::AttrMap attrs = {{"data_format", std::string(last ? "NHWC" : "NCHW")}};
    const Tensor y = launch({.op = "BiasAdd",
                             .dtype = float32,
                             .inputs = {x, bias},
                             .outputs = {{float32, shape}},
                             .attrs = attrs});
    for (size_t i = 0; i < 120; ++i) {
      const size_t channel = last ? i % 5 : i / 12 % 5;
      EXPECT_EQ(y.data<float>()[i], x.data<float>()[i] + bias.data<float>()[channel]);
    }
    const Tensor gradient = launch({.op = "BiasAddGrad",
                                    .dtype = float32,
                                    .inputs = {x},
                                    .outputs = {{float32, {5}}},
                                    .attrs = attrs});
    std::vector<double> sums(5, 0);
    for (size_t i = 0; i < 120; ++i) sums[last ? i % 5 : i / 12 % 5] += x.data<float>()[i];
    for (size_t c = 0; c < 5; ++c) EXPECT_NEAR(gradient.data<float>()[c], sums[c], 1e-5);
  }
}

TEST(CpuBiasAddTest, RejectsABiasOfAnotherLength) {
  expect_error<InvalidArgumentError>(
      [] {
        launch({.op = "BiasAdd",
                .dtype = float32,
                .inputs = {wave<float>({2, 3}), wave<float>({4})},
                .outputs = {{float32, {2, 3}}}});
      },
      ErrorKind::shape_incompatible, "(4,) vs. (2, 3)");
}

}  // namespace
}  // namespace tenon
