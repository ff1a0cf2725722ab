#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include "core/base/strings.h"
#include "tests/cuda/kernel_cases.h"

namespace tenon::testing {
namespace {

const std::vector<DType> kFloats = {float32, float64, float16, bfloat16};

double tolerance_of(DType dtype) {
  if (dtype == float64) return 1e-11;
  if (dtype == float16) return 4e-3;
  return dtype == bfloat16 ? 4e-2 : 2e-5;
}

struct Window {
  Shape image;
  int64_t size_h, size_w, stride, dilation;
  std::string padding;

  int64_t output(int axis, int64_t size) const {
    const int64_t covered = (size - 1) * dilation + 1;
    return padding == "SAME" ? (image[axis] + stride - 1) / stride
                             : (image[axis] - covered) / stride + 1;
  }
  Shape out(int64_t channels) const {
    return {image[0], output(1, size_h), output(2, size_w), channels};
  }
  internal::AttrMap attrs() const {
    return {{"strides", std::vector<int64_t>{1, stride, stride, 1}},
            {"dilations", std::vector<int64_t>{1, dilation, dilation, 1}},
            {"ksize", std::vector<int64_t>{1, size_h, size_w, 1}},
            {"padding", padding},
            {"data_format", std::string("NHWC")}};
  }
};

const std::vector<Window> kWindows = {
    {{2, 8, 8, 4}, 3, 3, 1, 1, "SAME"},  {{2, 8, 7, 3}, 3, 3, 2, 1, "SAME"},
    {{1, 9, 9, 5}, 2, 2, 2, 1, "VALID"}, {{2, 5, 6, 1}, 1, 1, 1, 1, "VALID"},
    {{0, 8, 8, 4}, 3, 3, 1, 1, "SAME"},  {{1, 20, 20, 32}, 5, 5, 1, 1, "SAME"},
};

void add_convolutions(std::vector<GpuCase>& cases, DType dtype, const Window& w) {
  const std::string suffix =
      "_" + std::string(to_string(dtype)) + "_" + std::to_string(cases.size());
  const Shape filter = {w.size_h, w.size_w, w.image[3], 6}, out = w.out(6);
  const auto sizes = [](const Shape& shape) {
    std::vector<int32_t> numbers;
    for (const int64_t size : shape.sizes()) numbers.push_back(static_cast<int32_t>(size));
    return Tensor::from<int32_t>(numbers, {4});
  };
  const Tensor x = some(dtype, w.image, 0.3, 1), f = some(dtype, filter, 0.5, 1);
  const Tensor dy = some(dtype, out, 0.9, 1);
  const auto add = [&](const std::string& op, std::vector<Tensor> inputs, const Shape& output) {
    cases.push_back({op + suffix,
                     {.op = op,
                      .dtype = dtype,
                      .inputs = std::move(inputs),
                      .outputs = {{dtype, output}},
                      .attrs = w.attrs()},
                     tolerance_of(dtype) * 4});
  };
  add("Conv2D", {x, f}, out);
  add("Conv2DBackpropInput", {sizes(w.image), f, dy}, w.image);
  add("Conv2DBackpropFilter", {x, sizes(filter), dy}, filter);
  for (const auto activation : {internal::Activation::kRelu, internal::Activation::kTanh}) {
    add("Conv2D", {x, f, some(dtype, {6})}, out);
    cases.back().name += activation == internal::Activation::kRelu ? "_relu" : "_tanh";
    cases.back().kernel.epilogue = {.bias = true, .activation = activation};
  }
}

void add_pools(std::vector<GpuCase>& cases, DType dtype, const Window& w) {
  const std::string suffix =
      "_" + std::string(to_string(dtype)) + "_" + std::to_string(cases.size());
  const Tensor x = some(dtype, w.image), dy = some(dtype, w.out(w.image[3]), 0.9);
  const KernelCase max = {.op = "MaxPool",
                          .dtype = dtype,
                          .inputs = {x},
                          .outputs = {{dtype, dy.shape()}},
                          .attrs = w.attrs()};
  cases.push_back({"MaxPool" + suffix, max});
  cases.push_back({"MaxPoolGrad" + suffix,
                   {.op = "MaxPoolGrad",
                    .dtype = dtype,
                    .inputs = {x, launch(max), dy},
                    .outputs = {{dtype, w.image}},
                    .attrs = w.attrs()}});
  cases.push_back({"MaxPoolGradGrad" + suffix,
                   {.op = "MaxPoolGradGrad",
                    .dtype = dtype,
                    .inputs = {x, launch(max), some(dtype, w.image, 0.6)},
                    .outputs = {{dtype, dy.shape()}},
                    .attrs = w.attrs()}});
  if (dtype != float32 && dtype != float64) return;
  KernelCase average = max;
  average.op = "AvgPool";
  cases.push_back({"AvgPool" + suffix, average, 1e-6});
  std::vector<int32_t> sizes;
  for (const int64_t size : w.image.sizes()) sizes.push_back(static_cast<int32_t>(size));
  cases.push_back({"AvgPoolGrad" + suffix,
                   {.op = "AvgPoolGrad",
                    .dtype = dtype,
                    .inputs = {Tensor::from<int32_t>(sizes, {4}), dy},
                    .outputs = {{dtype, w.image}},
                    .attrs = w.attrs()},
                   1e-6});
}

void add_rows(std::vector<GpuCase>& cases, DType dtype) {
  const std::string suffix = "_" + std::string(to_string(dtype)) + "_";
  for (const Shape& shape : {Shape{7, 10}, Shape{3, 5000}, Shape{1, 1}, Shape{0, 4}}) {
    const std::string name = suffix + std::to_string(cases.size());
    const Tensor x = some(dtype, shape);
    for (const char* op : {"Softmax", "LogSoftmax"}) {
      cases.push_back({op + name,
                       {.op = op, .dtype = dtype, .inputs = {x}, .outputs = {{dtype, shape}}},
                       tolerance_of(dtype)});
    }
    const std::vector<internal::TensorSpec> outputs = {{dtype, {shape[0]}}, {dtype, shape}};
    cases.push_back({"DenseLoss" + name,
                     {.op = "SoftmaxCrossEntropyWithLogits",
                      .dtype = dtype,
                      .inputs = {x, some(dtype, {1, shape[1]}, 0.8, 0.1)},
                      .outputs = outputs},
                     tolerance_of(dtype) * 8});
    Tensor labels(int64, {shape[0]});
    for (int64_t& label : labels.mutable_data<int64_t>()) label = shape[1] - 1;
    cases.push_back({"SparseLoss" + name,
                     {.op = "SparseSoftmaxCrossEntropyWithLogits",
                      .dtype = dtype,
                      .inputs = {x, labels},
                      .outputs = outputs},
                     tolerance_of(dtype)});
  }
  for (const char* op : {"RandomUniform", "RandomStandardNormal", "TruncatedNormal"}) {
    const bool uniform = std::string(op) == "RandomUniform";
    cases.push_back({op + suffix,
                     {.op = op,
                      .dtype = dtype,
                      .inputs = {Tensor({33, 7})},
                      .outputs = {{dtype, {33, 7}}},
                      .attrs = {{"seed", int64_t{87654321}}, {"seed2", int64_t{5}}},
                      .random_blocks_drawn = 512},
                     uniform ? 0 : tolerance_of(dtype)});
  }
}

const std::vector<DType> kKernelNumbers = {float32, float64, float16, bfloat16, int8,  uint8,
                                           int16,   uint16,  int32,   uint32,   int64, uint64};

void add_resizes(std::vector<GpuCase>& cases, DType dtype, const std::string& kind) {
  const bool nearest = kind == "NearestNeighbor";
  const std::string op = "Resize" + kind, name = "_" + std::string(to_string(dtype));
  for (const int way : {0, 1, 2}) {
    const internal::AttrMap attrs = {{"align_corners", way == 1}, {"half_pixel_centers", way == 2}};
    for (const Shape& to : {Shape{2, 9, 4, 3}, Shape{2, 2, 11, 3}, Shape{0, 3, 3, 3}}) {
      const Shape from{to[0], 5, 6, 3};
      const std::string suffix = name + "_" + std::to_string(cases.size());
      const Tensor size({static_cast<int32_t>(to[1]), static_cast<int32_t>(to[2])});
      cases.push_back({op + suffix,
                       {.op = op,
                        .dtype = dtype,
                        .inputs = {some(dtype, from), size},
                        .outputs = {{nearest ? dtype : float32, to}},
                        .attrs = attrs},
                       1e-5});
      if (!nearest && !is_floating(dtype)) continue;
      const std::string gradient = op + "Grad";
      cases.push_back({internal::str(gradient, suffix),
                       {.op = gradient,
                        .dtype = dtype,
                        .inputs = {some(nearest ? dtype : float32, to),
                                   nearest ? Tensor({5, 6}) : some(dtype, from)},
                        .outputs = {{dtype, from}},
                        .attrs = attrs},
                       tolerance_of(dtype)});
    }
  }
}

void add_top_k(std::vector<GpuCase>& cases, DType dtype) {
  for (const auto& [rows, columns, k] : {std::array<int64_t, 3>{3, 70, 5}, {1, 4, 4}, {2, 3, 0}}) {
    cases.push_back(
        {"TopKV2_" + std::string(to_string(dtype)) + "_" + std::to_string(cases.size()),
         {.op = "TopKV2",
          .dtype = dtype,
          .inputs = {some(dtype, {rows, columns}, 0.3, 20), Tensor(static_cast<int32_t>(k))},
          .outputs = {{dtype, {rows, k}}, {int32, {rows, k}}}}});
  }
}

// Scores, the highest first.
Tensor falling(Tensor scores) {
  const auto numbers = scores.mutable_data<float>();
  std::sort(numbers.begin(), numbers.end(), std::greater<>());
  return scores;
}

// The places that are kept, behind which zeros stand, and their number.
void add_suppressions(std::vector<GpuCase>& cases) {
  for (const auto& [boxes, most] : {std::pair<int64_t, int32_t>{700, 300}, {5, 2}, {0, 3}}) {
    const int64_t kept = std::min<int64_t>(boxes, most);
    cases.push_back({"_NonMaxSuppression_" + std::to_string(cases.size()),
                     {.op = "_NonMaxSuppression",
                      .dtype = int32,
                      .inputs = {some(float32, {boxes, 4}), falling(some(float32, {boxes}, 1, 2)),
                                 Tensor(most), Tensor(0.3f), Tensor(0.1f)},
                      .outputs = {{int32, {kept}}, {int32, {}}}}});
  }
}

}  // namespace

std::vector<GpuCase> nn_cases() {
  std::vector<GpuCase> cases;
  add_suppressions(cases);
  for (const Window& window : kWindows) {
    for (const DType dtype : {float32, float64}) add_convolutions(cases, dtype, window);
    for (const DType dtype : {float32, float64, int32, uint8}) add_pools(cases, dtype, window);
  }
  for (const DType dtype : {float32, float64}) {
    add_convolutions(cases, dtype, {{1, 9, 9, 3}, 3, 3, 1, 2, "VALID"});
  }
  for (const DType dtype : kFloats) add_rows(cases, dtype);
  for (const DType dtype : {float32, float16, int32, int8}) {
    for (const char* format : {"NHWC", "NCHW"}) {
      const std::string suffix = "_" + std::string(to_string(dtype)) + "_" + format;
      const int64_t channels = std::string(format) == "NCHW" ? 5 : 70;
      const internal::AttrMap attrs = {{"data_format", std::string(format)}};
      cases.push_back({"BiasAdd" + suffix,
                       {.op = "BiasAdd",
                        .dtype = dtype,
                        .inputs = {some(dtype, {4, 5, 6, 70}), some(dtype, {channels}, 0.8)},
                        .outputs = {{dtype, {4, 5, 6, 70}}},
                        .attrs = attrs}});
      cases.push_back({"BiasAddGrad" + suffix,
                       {.op = "BiasAddGrad",
                        .dtype = dtype,
                        .inputs = {some(dtype, {4, 5, 6, 70})},
                        .outputs = {{dtype, {channels}}},
                        .attrs = attrs},
                       tolerance_of(dtype)});
    }
  }
  for (const DType dtype : kKernelNumbers) add_top_k(cases, dtype);
  for (const DType dtype : {float32, float64, float16, uint8}) {
    for (const char* kind : {"NearestNeighbor", "Bilinear", "Bicubic"}) {
      add_resizes(cases, dtype, kind);
    }
  }
  cases.push_back({"RandomUniformInt",
                   {.op = "RandomUniformInt",
                    .dtype = int32,
                    .inputs = {Tensor({33}), Tensor(int64_t{-5}), Tensor(int64_t{1} << 40)},
                    .outputs = {{int64, {33}}},
                    .attrs = {{"seed", int64_t{1}}, {"seed2", int64_t{2}}}}});
  return cases;
}

}  // namespace tenon::testing
