// Runs one kernel on the GPU and on the CPU, and compares what they give. Needs a GPU.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "core/tensor/half.h"
#include "cuda/loader/loader.h"
#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon::testing {

inline internal::Device& gpu() {
  static const std::unique_ptr<internal::Device> device = [] {
    const internal::Module& module = cuda::module();
    if (module.api == nullptr) throw RuntimeError(ErrorKind::bad_device, module.status);
    return module.api->backend()->open(0, "/device:GPU:0", {});
  }();
  return *device;
}

// Memory of the GPU with a copy of a tensor, some bytes behind an address aligned to 64.
class OnGpu {
 public:
  OnGpu(const Tensor& value, size_t behind, internal::Queue& queue,
        internal::Device& device = gpu())
      : device_(device), bytes_(value.bytes()), behind_(behind) {
    memory_ = device_.allocate(bytes_ + behind_);
    if (bytes_ != 0) device_.copy(data(), value.raw(), bytes_, queue);
  }
  ~OnGpu() { device_.release(memory_); }
  OnGpu(const OnGpu&) = delete;
  OnGpu& operator=(const OnGpu&) = delete;
  void* data() const { return static_cast<char*>(memory_) + behind_; }
  void read(Tensor& to, internal::Queue& queue) const {
    if (bytes_ != 0) device_.copy(to.raw(), data(), bytes_, queue);
  }

 private:
  internal::Device& device_;
  size_t bytes_, behind_;
  void* memory_ = nullptr;
};

// Where a kernel finds its inputs and outputs.
struct Addresses {
  bool aligned = true;           // else one element behind an address aligned to 64
  bool output_on_first = false;  // the first output lies where the first input does
};

inline KernelRun run_on_gpu(const KernelCase& c, const Addresses& where = {},
                            internal::Device& device = gpu()) {
  const auto queue = device.make_queue();
  KernelRun run;
  internal::KernelRequest request = {.op = c.op,
                                     .attrs = &c.attrs,
                                     .inputs = {},
                                     .outputs = c.outputs,
                                     .values = c.inputs,
                                     .epilogue = c.epilogue,
                                     .program = c.program,
                                     .tiles = c.tiles,
                                     .device = &device};
  const auto behind = [&](const Tensor& value) {
    return where.aligned ? size_t{0} : size_of(value.dtype());
  };
  std::vector<std::unique_ptr<OnGpu>> memory;
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (const Tensor& input : c.inputs) {
    request.inputs.push_back({input.dtype(), input.shape()});
    run.inputs.push_back(input.clone());
    memory.push_back(std::make_unique<OnGpu>(input, behind(input), *queue, device));
    inputs.push_back(memory.back()->data());
  }
  for (const internal::TensorSpec& output : c.outputs) {
    run.outputs.emplace_back(output.dtype, output.shape);
    Tensor& value = run.outputs.back();
    if (value.bytes() != 0) {
      std::memset(value.raw(), output.dtype == DType::bool_ ? 1 : 0xcd, value.bytes());
    }
    memory.push_back(std::make_unique<OnGpu>(value, behind(value), *queue, device));
    outputs.push_back(memory.back()->data());
  }
  if (where.output_on_first) outputs[0] = memory[0]->data();
  run.kernel = device.prepare(request, c.dtype);
  void* workspace = device.allocate(run.kernel.workspace_bytes);
  run.kernel.launch({.inputs = inputs.data(),
                     .outputs = outputs.data(),
                     .workspace = workspace,
                     .queue = queue.get(),
                     .random_blocks_drawn = c.random_blocks_drawn});
  for (size_t i = 0; i < run.inputs.size(); ++i) memory[i]->read(run.inputs[i], *queue);
  for (size_t i = 0; i < run.outputs.size(); ++i) {
    const bool on_first = i == 0 && where.output_on_first;
    memory[on_first ? 0 : run.inputs.size() + i]->read(run.outputs[i], *queue);
  }
  device.wait(*queue);
  device.release(workspace);
  return run;
}

inline double number(const Tensor& tensor, size_t i) {
  switch (tensor.dtype()) {
    case DType::float32:
      return static_cast<double>(static_cast<const float*>(tensor.raw())[i]);
    case DType::float64:
      return static_cast<const double*>(tensor.raw())[i];
    case DType::float16:
      return static_cast<double>(
          static_cast<float>(static_cast<const internal::Half*>(tensor.raw())[i]));
    case DType::bfloat16:
      return static_cast<double>(
          static_cast<float>(static_cast<const internal::Bfloat16*>(tensor.raw())[i]));
    default:
      return 0;
  }
}

// Bits where the dtype is no floating one or the tolerance is 0; else relative to the larger
// magnitude, and absolute below 1.
inline void expect_alike(const Tensor& value, const Tensor& expected, double tolerance) {
  if (!is_floating(expected.dtype()) || tolerance == 0) {
    EXPECT_TRUE(same_bits(value, expected)) << value << "\n  and on the CPU\n" << expected;
    return;
  }
  ASSERT_EQ(value.shape(), expected.shape());
  for (size_t i = 0; i < static_cast<size_t>(value.element_count()); ++i) {
    const double x = number(value, i), y = number(expected, i);
    if (std::isnan(y) && std::isnan(x)) continue;
    const double scale = std::isinf(y) ? 1 : std::max({1.0, std::abs(x), std::abs(y)});
    ASSERT_TRUE(x == y || std::abs(x - y) <= tolerance * scale)
        << "element " << i << " is " << x << ", on the CPU " << y;
  }
}

// The GPU gives what the CPU gives, wherever the tensors lie, and the same bits when it is asked
// again.
inline void expect_as_on_cpu(const KernelCase& c, double tolerance) {
  const KernelRun cpu = run_kernel(c), first = run_on_gpu(c), again = run_on_gpu(c);
  const KernelRun unaligned = run_on_gpu(c, {.aligned = false});
  for (size_t i = 0; i < cpu.outputs.size(); ++i) {
    SCOPED_TRACE("output " + std::to_string(i));
    expect_alike(first.outputs[i], cpu.outputs[i], tolerance);
    EXPECT_TRUE(same_bits(first.outputs[i], again.outputs[i]));
    expect_alike(unaligned.outputs[i], cpu.outputs[i], tolerance);
  }
  for (size_t i = 0; i < cpu.inputs.size(); ++i) {
    SCOPED_TRACE("input " + std::to_string(i));
    expect_alike(first.inputs[i], cpu.inputs[i], tolerance);
  }
}

}  // namespace tenon::testing
