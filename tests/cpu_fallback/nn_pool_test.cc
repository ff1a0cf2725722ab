#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using testing::expect_error;
using testing::KernelCase;
using testing::launch;
using testing::same_bits;
using testing::wave;

struct Pool {
  int64_t batch, height, width, channels, kh, kw, stride_h, stride_w;
  bool same = false;

  int64_t output(int axis) const {
    const int64_t input = axis == 0 ? height : width, stride = axis == 0 ? stride_h : stride_w;
    return same ? (input + stride - 1) / stride : (input - (axis == 0 ? kh : kw)) / stride + 1;
  }
  int64_t before(int axis) const {
    const int64_t covered =
        (output(axis) - 1) * (axis == 0 ? stride_h : stride_w) + (axis == 0 ? kh : kw);
    return same ? std::max<int64_t>(0, covered - (axis == 0 ? height : width)) / 2 : 0;
  }
  Shape input_shape() const { return {batch, height, width, channels}; }
  Shape output_shape() const { return {batch, output(0), output(1), channels}; }
  internal::AttrMap attrs() const {
    return {{"ksize", std::vector<int64_t>{1, kh, kw, 1}},
            {"strides", std::vector<int64_t>{1, stride_h, stride_w, 1}},
            {"padding", std::string(same ? "SAME" : "VALID")},
            {"data_format", std::string("NHWC")}};
  }
  // Calls f(output element, the input elements of its window, in order).
  template <typename F>
  void for_windows(F f) const {
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t y = 0; y < output(0); ++y)
        for (int64_t x = 0; x < output(1); ++x)
          for (int64_t c = 0; c < channels; ++c) {
            std::vector<size_t> inputs;
            for (int64_t i = 0; i < kh; ++i)
              for (int64_t j = 0; j < kw; ++j) {
                const int64_t h = y * stride_h + i - before(0), w = x * stride_w + j - before(1);
                if (h < 0 || h >= height || w < 0 || w >= width) continue;
                inputs.push_back(
                    static_cast<size_t>(((n * height + h) * width + w) * channels + c));
              }
            f(static_cast<size_t>(((n * output(0) + y) * output(1) + x) * channels + c), inputs);
          }
  }
};

const std::vector<Pool> kPools = {
    {2, 8, 8, 32, 2, 2, 2, 2},        {1, 7, 5, 3, 2, 2, 2, 2},
    {1, 7, 5, 3, 3, 2, 1, 1},         {2, 7, 6, 3, 3, 3, 2, 2, true},
    {1, 5, 5, 130, 3, 3, 1, 1, true}, {1, 4, 4, 2, 3, 3, 4, 4, true},
    {0, 4, 4, 2, 2, 2, 2, 2},         {1, 1, 1, 1, 1, 1, 1, 1},
};

template <typename T>
KernelCase pool_case(const Pool& p, const std::string& op, const Tensor& x) {
  return {.op = op,
          .dtype = dtype_of<T>,
          .inputs = {x},
          .outputs = {{dtype_of<T>, p.output_shape()}},
          .attrs = p.attrs()};
}

template <typename T>
KernelCase max_grad_case(const Pool& p, const Tensor& x, const Tensor& y, const Tensor& dy) {
  return {.op = "MaxPoolGrad",
          .dtype = dtype_of<T>,
          .inputs = {x, y, dy},
          .outputs = {{dtype_of<T>, p.input_shape()}},
          .attrs = p.attrs()};
}

template <typename T>
void check_max() {
  for (const Pool& p : kPools) {
    Tensor x = wave<T>(p.input_shape(), 0.2, 4);
    for (T& value : x.mutable_data<T>()) value = static_cast<T>(std::floor(value));  // with equals
    const Tensor dy = wave<T>(p.output_shape(), 0.7, 4), y = launch(pool_case<T>(p, "MaxPool", x));
    const Tensor dx = launch(max_grad_case<T>(p, x, y, dy));
    std::vector<double> expected(x.data<T>().size(), 0);
    p.for_windows([&](size_t out, const std::vector<size_t>& window) {
      size_t best = window[0];
      for (const size_t i : window) best = x.data<T>()[i] > x.data<T>()[best] ? i : best;
      ASSERT_EQ(y.data<T>()[out], x.data<T>()[best]);
      expected[best] += static_cast<double>(dy.data<T>()[out]);
    });
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(dx.data<T>()[i]), expected[i], 1e-5);
    }
  }
}

TEST(CpuMaxPoolTest, TakesTheLargestAndGivesTheFirstOfThemTheGradient) {
  check_max<float>();
  check_max<double>();
  check_max<int32_t>();
}

template <typename T>
void check_average(double tolerance) {
  for (const Pool& p : kPools) {
    const Tensor x = wave<T>(p.input_shape(), 0.2), dy = wave<T>(p.output_shape(), 0.7);
    const Tensor y = launch(pool_case<T>(p, "AvgPool", x));
    std::vector<int32_t> sizes;
    const Shape shape = p.input_shape();
    for (const int64_t size : shape.sizes()) sizes.push_back(static_cast<int32_t>(size));
    const Tensor dx = launch({.op = "AvgPoolGrad",
                              .dtype = dtype_of<T>,
                              .inputs = {Tensor::from<int32_t>(sizes, {4}), dy},
                              .outputs = {{dtype_of<T>, p.input_shape()}},
                              .attrs = p.attrs()});
    std::vector<double> expected(x.data<T>().size(), 0);
    p.for_windows([&](size_t out, const std::vector<size_t>& window) {
      double sum = 0;
      const auto count = static_cast<double>(window.size());
      for (const size_t i : window) sum += static_cast<double>(x.data<T>()[i]);
      ASSERT_NEAR(y.data<T>()[out], sum / count, tolerance);
      for (const size_t i : window) expected[i] += static_cast<double>(dy.data<T>()[out]) / count;
    });
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(dx.data<T>()[i], expected[i], tolerance);
  }
}

TEST(CpuAvgPoolTest, AveragesThePixelsOnTheImage) {
  check_average<float>(1e-6);
  check_average<double>(1e-14);
}

TEST(CpuMaxPoolTest, NanIsTheLargest) {
  const Pool p = {1, 2, 2, 1, 2, 2, 2, 2};
  const Tensor x = Tensor({1.0f, NAN, 3.0f, 2.0f}).reshaped({1, 2, 2, 1});
  EXPECT_TRUE(std::isnan(launch(pool_case<float>(p, "MaxPool", x)).data<float>()[0]));
}

TEST(CpuMaxPoolTest, AnyNumberOfThreadsGivesTheSameBitsConcurrently) {
  const Pool p = {64, 16, 16, 32, 3, 3, 2, 2, true};
  const Tensor x = wave<float>(p.input_shape()), dy = wave<float>(p.output_shape());
  const Tensor y = launch(pool_case<float>(p, "MaxPool", x));
  KernelCase c = max_grad_case<float>(p, x, y, dy);
  const Tensor one = launch(c);
  c.threads = 3;
  EXPECT_TRUE(same_bits(one, launch(c)));
}

TEST(CpuMaxPoolTest, RejectsPoolingOverChannels) {
  const Pool p = {1, 2, 2, 2, 2, 2, 2, 2};
  KernelCase c = pool_case<float>(p, "MaxPool", wave<float>(p.input_shape()));
  c.attrs.set("ksize", std::vector<int64_t>{1, 1, 1, 2});
  expect_error<UnimplementedError>([&] { launch(c); }, ErrorKind::bad_argument,
                                   "Pooling over the batch or the channels is not supported");
}

}  // namespace
}  // namespace tenon
