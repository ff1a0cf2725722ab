#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {
namespace {

using internal::Activation;
using testing::expect_error;
using testing::KernelCase;
using testing::launch;
using testing::same_bits;
using testing::wave;

struct Conv {
  int64_t batch, height, width, in, out, kh, kw;
  int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::string padding = "SAME";
  std::vector<int64_t> pads = {};  // top, bottom, left, right, of EXPLICIT

  int64_t before(int axis) const {
    const int64_t input = axis == 0 ? height : width, size = axis == 0 ? kh : kw;
    const int64_t stride = axis == 0 ? stride_h : stride_w;
    const int64_t dilation = axis == 0 ? dilation_h : dilation_w;
    if (padding == "EXPLICIT") return pads[axis == 0 ? 0 : 2];
    if (padding == "VALID") return 0;
    const int64_t covered = (output(axis) - 1) * stride + (size - 1) * dilation + 1;
    return std::max<int64_t>(0, covered - input) / 2;
  }
  int64_t output(int axis) const {
    const int64_t input = axis == 0 ? height : width, size = axis == 0 ? kh : kw;
    const int64_t stride = axis == 0 ? stride_h : stride_w;
    const int64_t covered = (size - 1) * (axis == 0 ? dilation_h : dilation_w) + 1;
    if (padding == "SAME") return (input + stride - 1) / stride;
    const int64_t extra = padding == "VALID" ? 0
                          : axis == 0        ? pads[0] + pads[1]
                                             : pads[2] + pads[3];
    return (input + extra - covered) / stride + 1;
  }
  Shape image_shape() const { return {batch, height, width, in}; }
  Shape filter_shape() const { return {kh, kw, in, out}; }
  Shape output_shape() const { return {batch, output(0), output(1), out}; }
  internal::AttrMap attrs() const {
    std::vector<int64_t> explicit_paddings;
    if (!pads.empty()) explicit_paddings = {0, 0, pads[0], pads[1], pads[2], pads[3], 0, 0};
    return {{"strides", std::vector<int64_t>{1, stride_h, stride_w, 1}},
            {"dilations", std::vector<int64_t>{1, dilation_h, dilation_w, 1}},
            {"padding", padding},
            {"explicit_paddings", explicit_paddings},
            {"data_format", std::string("NHWC")}};
  }

  // Calls f(index into image, into filter, into output) for each product.
  template <typename F>
  void for_products(F f) const {
    const int64_t oh = output(0), ow = output(1), top = before(0), left = before(1);
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t y = 0; y < oh; ++y)
        for (int64_t x = 0; x < ow; ++x)
          for (int64_t i = 0; i < kh; ++i)
            for (int64_t j = 0; j < kw; ++j) {
              const int64_t h = y * stride_h + i * dilation_h - top;
              const int64_t w = x * stride_w + j * dilation_w - left;
              if (h < 0 || h >= height || w < 0 || w >= width) continue;
              for (int64_t c = 0; c < in; ++c)
                for (int64_t o = 0; o < out; ++o)
                  f(static_cast<size_t>(((n * height + h) * width + w) * in + c),
                    static_cast<size_t>(((i * kw + j) * in + c) * out + o),
                    static_cast<size_t>(((n * oh + y) * ow + x) * out + o));
            }
  }
};

const std::vector<Conv> kConvs = {
    {2, 8, 8, 1, 32, 3, 3},
    {2, 4, 4, 32, 64, 3, 3},
    {1, 5, 7, 3, 5, 3, 2},
    {1, 6, 6, 2, 3, 1, 1},
    {2, 7, 9, 4, 6, 3, 3, 2, 2},
    {1, 9, 8, 3, 4, 5, 5, 2, 3},
    {2, 7, 7, 3, 4, 2, 2, 3, 3},
    {1, 10, 11, 2, 3, 3, 3, 1, 1, 2, 3},
    {1, 12, 12, 3, 2, 3, 3, 2, 2, 2, 2, "VALID"},
    {2, 6, 6, 3, 4, 3, 3, 1, 1, 1, 1, "VALID"},
    {1, 5, 5, 2, 3, 3, 3, 1, 1, 1, 1, "EXPLICIT", {2, 1, 0, 3}},
    {1, 8, 5, 2, 3, 3, 3, 2, 1, 1, 1, "EXPLICIT", {0, 2, 3, 1}},
    {1, 3, 3, 2, 2, 5, 5},  // the filter is larger than the image
    {1, 20, 20, 20, 33, 5, 5},
    {3, 1, 1, 4, 4, 1, 1},
    {2, 9, 9, 300, 3, 1, 1},
    {0, 4, 4, 2, 3, 3, 3},
    // Long rows of taps are read as they lie in the image.
    {2, 5, 12, 64, 20, 3, 3},
    {1, 3, 14, 70, 9, 3, 3},  // two rows of pixels are left beyond a tile
    {2, 3, 13, 64, 8, 3, 2},
    {2, 3, 5, 64, 8, 3, 3},  // no tile is so high
    {1, 6, 50, 64, 4, 3, 3, 2, 2},
    {2, 3, 40, 64, 20, 3, 3},
    {1, 3, 70, 90, 5, 3, 3, 2, 2},
    {1, 2, 140, 64, 5, 3, 3},
    {1, 4, 17, 96, 5, 2, 3, 1, 1, 2, 3},
    {1, 4, 12, 100, 5, 3, 3, 1, 1, 1, 1, "VALID"},
    {1, 4, 9, 64, 5, 3, 3, 1, 1, 1, 1, "EXPLICIT", {2, 1, 0, 3}},
    {1, 2, 12, 300, 33, 1, 3},  // a row of taps takes several chunks
    {1, 2, 3, 64, 3, 5, 7},
    {2, 3, 4, 66, 300, 1, 1},  // pixels as they are
    {2, 7, 8, 64, 70, 1, 1, 2, 2},
    {2, 8, 8, 64, 70, 1, 1, 2, 2},
};

template <typename T>
KernelCase forward_case(const Conv& c) {
  return {.op = "Conv2D",
          .dtype = dtype_of<T>,
          .inputs = {wave<T>(c.image_shape(), 0.2), wave<T>(c.filter_shape(), 0.6)},
          .outputs = {{dtype_of<T>, c.output_shape()}},
          .attrs = c.attrs()};
}

Tensor sizes(const Shape& shape) {
  std::vector<int32_t> values;
  for (const int64_t size : shape.sizes()) values.push_back(static_cast<int32_t>(size));
  return Tensor::from<int32_t>(values, {static_cast<int64_t>(values.size())});
}

template <typename T>
KernelCase image_gradient_case(const Conv& c) {
  return {.op = "Conv2DBackpropInput",
          .dtype = dtype_of<T>,
          .inputs = {sizes(c.image_shape()), wave<T>(c.filter_shape(), 0.6),
                     wave<T>(c.output_shape(), 0.9)},
          .outputs = {{dtype_of<T>, c.image_shape()}},
          .attrs = c.attrs()};
}

template <typename T>
KernelCase filter_gradient_case(const Conv& c) {
  return {.op = "Conv2DBackpropFilter",
          .dtype = dtype_of<T>,
          .inputs = {wave<T>(c.image_shape(), 0.2), sizes(c.filter_shape()),
                     wave<T>(c.output_shape(), 0.9)},
          .outputs = {{dtype_of<T>, c.filter_shape()}},
          .attrs = c.attrs()};
}

template <typename T>
void expect_near(const Tensor& found, const std::vector<double>& expected, double tolerance,
                 const Conv& c) {
  ASSERT_EQ(found.data<T>().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(found.data<T>()[i], expected[i], tolerance)
        << i << " of " << c.image_shape() << ' ' << c.filter_shape() << ' ' << c.padding;
  }
}

template <typename T>
void check_forward(double tolerance) {
  for (const Conv& c : kConvs) {
    const KernelCase k = forward_case<T>(c);
    std::vector<double> expected(static_cast<size_t>(c.output_shape().element_count()), 0);
    const auto image = k.inputs[0].template data<T>(), filter = k.inputs[1].template data<T>();
    c.for_products([&](size_t x, size_t f, size_t y) {
      expected[y] += static_cast<double>(image[x]) * static_cast<double>(filter[f]);
    });
    expect_near<T>(launch(k), expected, tolerance, c);
  }
}

template <typename T>
void check_image_gradient(double tolerance) {
  for (const Conv& c : kConvs) {
    const KernelCase k = image_gradient_case<T>(c);
    std::vector<double> expected(static_cast<size_t>(c.image_shape().element_count()), 0);
    const auto filter = k.inputs[1].template data<T>(), dy = k.inputs[2].template data<T>();
    c.for_products([&](size_t x, size_t f, size_t y) {
      expected[x] += static_cast<double>(dy[y]) * static_cast<double>(filter[f]);
    });
    expect_near<T>(launch(k), expected, tolerance, c);
  }
}

template <typename T>
void check_filter_gradient(double tolerance) {
  for (const Conv& c : kConvs) {
    const KernelCase k = filter_gradient_case<T>(c);
    std::vector<double> expected(static_cast<size_t>(c.filter_shape().element_count()), 0);
    const auto image = k.inputs[0].template data<T>(), dy = k.inputs[2].template data<T>();
    c.for_products([&](size_t x, size_t f, size_t y) {
      expected[f] += static_cast<double>(dy[y]) * static_cast<double>(image[x]);
    });
    expect_near<T>(launch(k), expected, tolerance, c);
  }
}

TEST(CpuConv2DTest, Float32IsNearDouble) { check_forward<float>(1e-4); }
TEST(CpuConv2DTest, Float64IsNearDouble) { check_forward<double>(1e-12); }
TEST(CpuConv2DBackpropInputTest, Float32IsNearDouble) { check_image_gradient<float>(1e-4); }
TEST(CpuConv2DBackpropInputTest, Float64IsNearDouble) { check_image_gradient<double>(1e-12); }
TEST(CpuConv2DBackpropFilterTest, Float32IsNearDouble) { check_filter_gradient<float>(1e-4); }
TEST(CpuConv2DBackpropFilterTest, Float64IsNearDouble) { check_filter_gradient<double>(1e-12); }

TEST(CpuConv2DTest, BiasAndActivationAreFused) {
  const Conv c = {2, 5, 6, 3, 37, 3, 3};
  KernelCase k = forward_case<float>(c);
  const Tensor plain = launch(k);
  k.inputs.push_back(wave<float>({37}, 0.4));
  k.epilogue = {.bias = true, .activation = Activation::kRelu};
  const Tensor fused = launch(k);
  for (size_t i = 0; i < plain.data<float>().size(); ++i) {
    const float sum = plain.data<float>()[i] + k.inputs[2].data<float>()[i % 37];
    ASSERT_EQ(fused.data<float>()[i], sum > 0 ? sum : 0) << i;
  }
}

TEST(CpuConv2DTest, AConstantFilterGivesTheSameBits) {
  for (const Conv& c : kConvs) {
    KernelCase k = forward_case<float>(c);
    const Tensor fed = launch(k);
    k.knows_floats = true;
    EXPECT_TRUE(same_bits(fed, launch(k)));
  }
}

TEST(CpuConv2DTest, AnyNumberOfThreadsGivesTheSameBitsConcurrently) {
  for (const Conv& c : {Conv{64, 8, 8, 16, 24, 3, 3}, Conv{16, 10, 12, 64, 70, 3, 3},
                        Conv{4, 32, 32, 64, 20, 3, 3}}) {
    for (KernelCase k :
         {forward_case<float>(c), image_gradient_case<float>(c), filter_gradient_case<float>(c)}) {
      const Tensor one = launch(k);
      for (const int threads : {2, 3}) {
        k.threads = threads;
        EXPECT_TRUE(same_bits(one, launch(k))) << k.op;
      }
    }
  }
}

TEST(CpuConv2DTest, RejectsAFilterForOtherChannelsAndOtherFormats) {
  KernelCase k = forward_case<float>({1, 4, 4, 2, 3, 3, 3});
  k.inputs[1] = wave<float>({3, 3, 5, 3});
  expect_error<InvalidArgumentError>([&] { launch(k); }, ErrorKind::shape_incompatible,
                                     "has another number of channels than the filter");
  k = forward_case<float>({1, 4, 4, 2, 3, 3, 3});
  k.attrs.set("data_format", std::string("NCHW"));
  expect_error<UnimplementedError>([&] { launch(k); }, ErrorKind::bad_argument, "not as NCHW");
}

}  // namespace
}  // namespace tenon
