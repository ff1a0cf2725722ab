// Convolutions of each channel by filters of its own, against plain loops in double.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using internal::Activation;
using testing::KernelCase;
using testing::run_kernel;

struct DepthwiseLayer {
  int64_t batch, height, width, channels, multiplier, size;
  int64_t stride = 1, dilation = 1;
  bool same = true;

  int64_t covered() const { return (size - 1) * dilation + 1; }
  int64_t output(int64_t input) const {
    return same ? (input + stride - 1) / stride : (input - covered()) / stride + 1;
  }
  int64_t before(int64_t input) const {
    return same ? std::max<int64_t>(0, (output(input) - 1) * stride + covered() - input) / 2 : 0;
  }
};

// Sizes that fill vectors and that don't; no window, few and many that lie on the image as a whole.
const std::vector<DepthwiseLayer> kDepthwiseLayers = {
    {1, 1, 1, 1, 1, 1},        {1, 5, 9, 32, 1, 3},         {2, 6, 11, 37, 1, 3},
    {1, 4, 14, 16, 1, 3, 2},   {1, 9, 13, 48, 1, 3, 2},     {1, 7, 12, 33, 1, 5},
    {1, 2, 2, 64, 1, 3},       {1, 12, 12, 20, 1, 3, 1, 2}, {1, 8, 10, 8, 1, 3, 1, 1, false},
    {2, 6, 7, 17, 3, 3},       {0, 4, 4, 8, 1, 3},          {1, 9, 30, 100, 1, 3, 2, 1, false},
    {1, 3, 3, 16, 1, 7, 1, 1},
};

template <typename T>
Tensor sines_of(const Shape& shape, double step) {
  std::vector<T> values(static_cast<size_t>(shape.element_count()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(std::sin(step * static_cast<double>(i) + 0.3));
  }
  return Tensor::from<T>(values, shape);
}

template <typename T>
KernelCase depthwise_case(const DepthwiseLayer& layer) {
  const int64_t outputs = layer.channels * layer.multiplier;
  const std::vector<int64_t> strides = {1, layer.stride, layer.stride, 1};
  const std::vector<int64_t> dilations = {1, layer.dilation, layer.dilation, 1};
  return {
      .op = "Conv2D",
      .dtype = dtype_of<T>,
      .inputs = {sines_of<T>({layer.batch, layer.height, layer.width, layer.channels}, 0.7),
                 sines_of<T>({layer.size, layer.size, 1, outputs}, 1.3)},
      .outputs = {{dtype_of<T>,
                   {layer.batch, layer.output(layer.height), layer.output(layer.width), outputs}}},
      .attrs = {{"strides", strides},
                {"dilations", dilations},
                {"padding", std::string(layer.same ? "SAME" : "VALID")},
                {"explicit_paddings", std::vector<int64_t>{}},
                {"data_format", std::string("NHWC")}}};
}

// One element of the output.
template <typename T>
double expected_sum(const DepthwiseLayer& l, const KernelCase& c, int64_t n, int64_t y, int64_t x,
                    int64_t o) {
  const auto image = c.inputs[0].data<T>(), filter = c.inputs[1].data<T>();
  const int64_t outputs = l.channels * l.multiplier;
  double sum = 0;
  for (int64_t i = 0; i < l.size; ++i) {
    for (int64_t j = 0; j < l.size; ++j) {
      const int64_t h = y * l.stride + i * l.dilation - l.before(l.height);
      const int64_t w = x * l.stride + j * l.dilation - l.before(l.width);
      if (h < 0 || h >= l.height || w < 0 || w >= l.width) continue;
      const int64_t at = ((n * l.height + h) * l.width + w) * l.channels + o / l.multiplier;
      sum += static_cast<double>(image[static_cast<size_t>(at)]) *
             static_cast<double>(filter[static_cast<size_t>((i * l.size + j) * outputs + o)]);
    }
  }
  return sum;
}

template <typename T>
void expect_depthwise_near_double(double tolerance) {
  for (const DepthwiseLayer& l : kDepthwiseLayers) {
    const KernelCase c = depthwise_case<T>(l);
    const Tensor found = run_kernel(c).outputs[0];
    const Shape& shape = found.shape();
    size_t at = 0;
    for (int64_t n = 0; n < shape[0]; ++n) {
      for (int64_t y = 0; y < shape[1]; ++y) {
        for (int64_t x = 0; x < shape[2]; ++x) {
          for (int64_t o = 0; o < shape[3]; ++o, ++at) {
            ASSERT_NEAR(found.data<T>()[at], expected_sum<T>(l, c, n, y, x, o), tolerance)
                << shape << " at " << n << ' ' << y << ' ' << x << ' ' << o;
          }
        }
      }
    }
  }
}

TEST(CpuDepthwiseTest, Float32IsNearDouble) { expect_depthwise_near_double<float>(2e-5); }
TEST(CpuDepthwiseTest, Float64IsNearDouble) { expect_depthwise_near_double<double>(1e-13); }

TEST(CpuDepthwiseTest, BiasAndRelu6AreFused) {
  KernelCase c = depthwise_case<float>({1, 7, 9, 40, 1, 3});
  const Tensor plain = run_kernel(c).outputs[0];
  c.inputs.push_back(sines_of<float>({40}, 0.4));
  c.epilogue = {.bias = true, .activation = Activation::kRelu6};
  const Tensor fused = run_kernel(c).outputs[0];
  const auto values = plain.data<float>(), bias = c.inputs[2].data<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(fused.data<float>()[i], std::min(std::max(values[i] + bias[i % 40], 0.0f), 6.0f));
  }
}

TEST(CpuDepthwiseTest, AnyNumberOfThreadsGivesTheSameBitsConcurrently) {
  KernelCase c = depthwise_case<float>({4, 40, 40, 64, 1, 3});
  const Tensor one = run_kernel(c).outputs[0];
  c.threads = 3;
  const Tensor three = run_kernel(c).outputs[0];
  EXPECT_EQ(std::memcmp(one.raw(), three.raw(), one.bytes()), 0);
}

}  // namespace
}  // namespace tenon
