// Convolutions on the GPU against the CPU's in float64: of float32, and with TensorFloat-32.
#include <cmath>
#include <limits>
#include <thread>

#include "tests/cuda/gpu_testing.h"

namespace tenon::testing {
namespace {

internal::Device& gpu_with_tf32() {
  static const std::unique_ptr<internal::Device> device =
      cuda::module().api->backend()->open(0, "/device:GPU:0", {.allow_tf32 = true});
  return *device;
}

// A convolution as a program writes it.
struct Conv {
  std::string name;
  Shape image, filter;
  std::array<int64_t, 2> strides = {1, 1}, dilations = {1, 1};
  std::string padding = "SAME";
  std::vector<int64_t> around = {};  // of EXPLICIT: above, below, left, right

  int64_t output(int axis) const {
    const auto i = static_cast<size_t>(axis - 1);
    const int64_t covered = (filter[axis - 1] - 1) * dilations[i] + 1;
    if (padding == "SAME") return (image[axis] + strides[i] - 1) / strides[i];
    const int64_t more = around.empty() ? 0 : around[2 * i] + around[2 * i + 1];
    return (image[axis] + more - covered) / strides[i] + 1;
  }
  Shape out() const { return {image[0], output(1), output(2), filter[3]}; }
  internal::AttrMap attrs() const {
    internal::AttrMap map = {{"strides", std::vector<int64_t>{1, strides[0], strides[1], 1}},
                             {"dilations", std::vector<int64_t>{1, dilations[0], dilations[1], 1}},
                             {"padding", padding},
                             {"data_format", std::string("NHWC")}};
    if (padding == "EXPLICIT") {
      std::vector<int64_t> all = {0, 0};
      all.insert(all.end(), around.begin(), around.end());
      all.insert(all.end(), {0, 0});
      map.set("explicit_paddings", all);
    }
    return map;
  }
};

Tensor sizes(const Shape& shape) {
  std::vector<int32_t> numbers;
  for (const int64_t size : shape.sizes()) numbers.push_back(static_cast<int32_t>(size));
  return Tensor::from<int32_t>(numbers, {4});
}

// Every direction of it, and what may come behind it.
std::vector<KernelCase> kernels_of(const Conv& conv) {
  const Tensor x = wave<float>(conv.image), f = wave<float>(conv.filter, 0.5);
  const Tensor dy = wave<float>(conv.out(), 0.9), bias = wave<float>({conv.filter[3]}, 0.2);
  std::vector<KernelCase> kernels;
  const auto add = [&](const std::string& op, std::vector<Tensor> inputs, const Shape& output,
                       const internal::Epilogue& epilogue = {}) {
    kernels.push_back({.op = op,
                       .inputs = std::move(inputs),
                       .outputs = {{float32, output}},
                       .attrs = conv.attrs(),
                       .epilogue = epilogue});
  };
  const auto relu = internal::Activation::kRelu, tanh = internal::Activation::kTanh;
  add("Conv2D", {x, f}, conv.out());
  add("Conv2D", {x, f, bias}, conv.out(), {.bias = true});
  add("Conv2D", {x, f, bias}, conv.out(), {.bias = true, .activation = relu});
  add("Conv2D", {x, f, bias}, conv.out(), {.bias = true, .activation = tanh});
  add("Conv2D", {x, f}, conv.out(), {.activation = relu});
  add("Conv2DBackpropInput", {sizes(conv.image), f, dy}, conv.image);
  add("Conv2DBackpropFilter", {x, sizes(conv.filter), dy}, conv.filter);
  return kernels;
}

// In float64, of the numbers or of their magnitudes.
Tensor judge(const KernelCase& c, bool magnitudes) {
  KernelCase exact = c;
  exact.dtype = float64;
  exact.outputs[0].dtype = float64;
  if (magnitudes) exact.epilogue.activation = internal::Activation::kNone;
  for (Tensor& input : exact.inputs) {
    if (input.dtype() != float32) continue;
    Tensor wide(float64, input.shape());
    const auto from = input.data<float>();
    const auto to = wide.mutable_data<double>();
    for (size_t i = 0; i < to.size(); ++i) {
      to[i] = magnitudes ? std::abs(static_cast<double>(from[i])) : static_cast<double>(from[i]);
    }
    input = wide;
  }
  return launch(exact);
}

// An element may be off by so much of the sum of its terms' magnitudes.
void expect_close(const Tensor& value, const Tensor& exact, const Tensor& magnitudes,
                  double tolerance) {
  ASSERT_EQ(value.shape(), exact.shape());
  for (size_t i = 0; i < static_cast<size_t>(value.element_count()); ++i) {
    const double x = number(value, i), y = number(exact, i);
    ASSERT_LE(std::abs(x - y), tolerance * (number(magnitudes, i) + 1e-3))
        << "element " << i << " is " << x << ", exactly " << y;
  }
}

constexpr double kStrict = 1e-5;  // sums of thousands of terms, in any order
constexpr double kTf32 = 1.1e-3;  // two factors, each rounded to 10 bits behind the first

class GpuConvTest : public ::testing::TestWithParam<Conv> {};

TEST_P(GpuConvTest, IsExactInEveryDirection) {
  const bool empty = GetParam().image.element_count() == 0;
  for (const KernelCase& c : kernels_of(GetParam())) {
    SCOPED_TRACE(c.op);
    const Tensor exact = judge(c, false), magnitudes = judge(c, true);
    const KernelRun strict = run_on_gpu(c), again = run_on_gpu(c);
    EXPECT_THAT(strict.kernel.module, ::testing::StartsWith(empty ? "cuda" : "cudnn engine "));
    expect_close(strict.outputs[0], exact, magnitudes, kStrict);
    EXPECT_TRUE(same_bits(again.outputs[0], strict.outputs[0]));
    const KernelRun unaligned = run_on_gpu(c, {.aligned = false});
    expect_close(unaligned.outputs[0], exact, magnitudes, kStrict);
  }
}

TEST_P(GpuConvTest, IsRoundedNoFurtherThanTensorFloat32) {
  for (const KernelCase& c : kernels_of(GetParam())) {
    SCOPED_TRACE(c.op);
    const KernelRun first = run_on_gpu(c, {}, gpu_with_tf32());
    const KernelRun again = run_on_gpu(c, {}, gpu_with_tf32());
    expect_close(first.outputs[0], judge(c, false), judge(c, true), kTf32);
    EXPECT_TRUE(same_bits(again.outputs[0], first.outputs[0]));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, GpuConvTest,
    ::testing::Values(
        Conv{"plain", {2, 8, 8, 4}, {3, 3, 4, 6}}, Conv{"one_channel", {5, 9, 7, 1}, {3, 3, 1, 32}},
        Conv{"image_filter", {1, 20, 20, 32}, {5, 5, 32, 32}},
        Conv{"many", {8, 28, 28, 64}, {3, 3, 64, 64}}, Conv{"points", {2, 5, 6, 7}, {1, 1, 7, 9}},
        Conv{"more_padding_behind", {3, 8, 8, 16}, {3, 3, 16, 32}, {2, 2}},
        Conv{"uneven_in_one_axis", {2, 8, 7, 3}, {3, 3, 3, 6}, {2, 2}},
        Conv{"even_window", {4, 9, 10, 8}, {2, 4, 8, 8}},
        Conv{"rows_that_no_window_sees", {1, 9, 9, 5}, {2, 2, 5, 6}, {2, 2}, {1, 1}, "VALID"},
        Conv{"pixels_that_no_window_sees", {2, 9, 9, 4}, {1, 1, 4, 4}, {3, 2}, {1, 1}, "VALID"},
        Conv{"other_strides", {2, 11, 9, 6}, {3, 2, 6, 5}, {3, 1}},
        Conv{"dilated", {1, 9, 9, 3}, {3, 3, 3, 6}, {1, 1}, {2, 2}, "VALID"},
        Conv{"dilated_unevenly", {2, 10, 13, 4}, {3, 2, 4, 8}, {1, 1}, {2, 3}},
        Conv{
            "padded_by_hand", {2, 6, 7, 5}, {3, 3, 5, 4}, {2, 1}, {1, 1}, "EXPLICIT", {0, 2, 3, 1}},
        Conv{"in_groups", {2, 8, 8, 8}, {3, 3, 4, 12}},
        Conv{"each_channel", {2, 8, 7, 16}, {3, 3, 1, 16}},
        Conv{"one_window", {3, 4, 4, 8}, {4, 4, 8, 10}, {1, 1}, {1, 1}, "VALID"},
        Conv{"empty_batch", {0, 8, 8, 4}, {3, 3, 4, 6}}),
    [](const auto& row) { return row.param.name; });

KernelCase relu_conv() { return kernels_of({"", {8, 28, 28, 64}, {3, 3, 64, 64}})[2]; }

TEST(GpuConvolutionsTest, ReluKeepsNan) {
  for (const int64_t channels : {1, 4, 64}) {
    KernelCase c = kernels_of({"", {2, 8, 8, channels}, {3, 3, channels, 32}})[2];
    c.inputs[0].mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
    for (internal::Device* const device : {&gpu(), &gpu_with_tf32()}) {
      EXPECT_TRUE(std::isnan(run_on_gpu(c, {}, *device).outputs[0].data<float>()[0])) << channels;
    }
  }
}

TEST(GpuConvolutionsTest, TakeNoMoreWorkspaceThanTheMemoryLimitAllows) {
  constexpr size_t kLimit = size_t{16} << 20;
  const auto device =
      cuda::module().api->backend()->open(0, "/device:GPU:0", {.memory_limit = kLimit});
  const KernelCase c = relu_conv();
  const KernelRun run = run_on_gpu(c, {}, *device);
  EXPECT_LE(run.kernel.workspace_bytes, kLimit / 4 + c.inputs[1].bytes() + 512);
  expect_close(run.outputs[0], judge(c, false), judge(c, true), kStrict);
}

// A kernel that was prepared, and its tensors.
class PreparedConv {
 public:
  explicit PreparedConv(const KernelCase& c) : result_(float32, c.outputs[0].shape) {
    internal::KernelRequest request = {.op = c.op,
                                       .attrs = &c.attrs,
                                       .outputs = c.outputs,
                                       .values = c.inputs,
                                       .epilogue = c.epilogue,
                                       .device = &gpu()};
    const auto queue = gpu().make_queue();
    for (const Tensor& input : c.inputs) {
      request.inputs.push_back({input.dtype(), input.shape()});
      memory_.push_back(std::make_unique<OnGpu>(input, 0, *queue));
      inputs_.push_back(memory_.back()->data());
    }
    gpu().wait(*queue);
    kernel_ = gpu().prepare(request, c.dtype);
  }

  // Its result on that queue, by `launches`, which is given what to launch.
  template <typename F>
  Tensor result(internal::Queue& queue, F launches) {
    const OnGpu out(result_, 0, queue);
    void* const workspace = gpu().allocate(kernel_.workspace_bytes);
    void* const outputs[] = {out.data()};
    launches([&] {
      kernel_.launch(
          {.inputs = inputs_.data(), .outputs = outputs, .workspace = workspace, .queue = &queue});
    });
    Tensor read(float32, result_.shape());
    out.read(read, queue);
    gpu().wait(queue);
    gpu().release(workspace);
    return read;
  }

 private:
  const Tensor result_;
  std::vector<std::unique_ptr<OnGpu>> memory_;
  std::vector<const void*> inputs_;
  internal::Kernel kernel_;
};

TEST(GpuConvolutionsTest, GiveTheSameBitsWhenTheyAreRecorded) {
  for (const KernelCase& c : kernels_of({"", {8, 28, 28, 64}, {3, 3, 64, 64}})) {
    SCOPED_TRACE(c.op);
    PreparedConv conv(c);
    const auto queue = gpu().make_queue();
    const Tensor expected = conv.result(*queue, [](const auto& launch) { launch(); });
    const Tensor replayed = conv.result(*queue, [&](const auto& launch) {
      const auto recording = gpu().make_recording(*queue, launch);
      ASSERT_TRUE(recording != nullptr);
      gpu().replay(*recording, *queue);
      gpu().wait(*queue);
    });
    EXPECT_TRUE(same_bits(replayed, expected));
  }
}

TEST(GpuConvolutionsTest, AreLaunchedByTwoThreadsAtOnce) {
  PreparedConv conv(relu_conv());
  const auto some_times = [&](std::vector<Tensor>& results) {
    const auto queue = gpu().make_queue();
    for (int i = 0; i < 20; ++i) {
      results.push_back(conv.result(*queue, [](const auto& launch) { launch(); }));
    }
  };
  std::vector<Tensor> here, there;
  std::thread other([&] { some_times(there); });
  some_times(here);
  other.join();
  for (size_t i = 0; i < here.size(); ++i) {
    EXPECT_TRUE(same_bits(here[i], here[0]));
    EXPECT_TRUE(same_bits(there[i], here[0]));
  }
}

}  // namespace
}  // namespace tenon::testing
