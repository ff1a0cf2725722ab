// Prepares and launches one kernel of the CPU backend, without a graph.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "cpu_fallback/backend.h"

namespace tenon::testing {

struct KernelCase {
  std::string op;
  DType dtype = DType::float32;  // that the kernel is registered for
  std::vector<Tensor> inputs = {};
  std::vector<internal::TensorSpec> outputs = {};
  internal::AttrMap attrs = {};
  internal::Epilogue epilogue = {};
  const internal::ElementwiseProgram* program = nullptr;
  int threads = 1;
  uint64_t random_blocks_drawn = 0;
  const internal::TileProgram* tiles = nullptr;
  bool knows_floats = false;  // whether the kernel is told the values of floating inputs
};

// Runs the kernel on copies of the inputs; a kernel that writes an input leaves it in `inputs`.
struct KernelRun {
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  internal::Kernel kernel;
};

// The elements of a result.
template <typename T>
std::vector<T> elements(const Tensor& tensor) {
  const auto data = tensor.data<T>();
  return {data.begin(), data.end()};
}

inline KernelRun run_kernel(const KernelCase& c) {
  const auto device = internal::cpu_backend().open(0, "/device:CPU:0", {.threads = c.threads});
  const auto queue = device->make_queue();
  KernelRun run;
  internal::KernelRequest request = {.op = c.op,
                                     .attrs = &c.attrs,
                                     .inputs = {},
                                     .outputs = c.outputs,
                                     .epilogue = c.epilogue,
                                     .program = c.program,
                                     .device = device.get()};
  std::vector<const void*> inputs;
  for (const Tensor& input : c.inputs) {
    request.inputs.push_back({input.dtype(), input.shape()});
    const bool known = c.knows_floats || !is_floating(input.dtype());
    request.values.push_back(known ? input : Tensor());
    run.inputs.push_back(input.clone());
    inputs.push_back(run.inputs.back().raw());
  }
  std::vector<void*> outputs;
  for (const internal::TensorSpec& output : c.outputs) {
    run.outputs.emplace_back(output.dtype, output.shape);
    outputs.push_back(run.outputs.back().raw());
    // Kernels can't count on zeros, nor may they leave an element as it was.
    if (output.dtype != DType::string && run.outputs.back().bytes() != 0) {
      std::memset(outputs.back(), output.dtype == DType::bool_ ? 1 : 0xcd,
                  run.outputs.back().bytes());
    }
  }
  run.kernel = device->prepare(request, c.dtype);
  void* workspace = device->allocate(run.kernel.workspace_bytes);
  std::memset(workspace, 0xcd, run.kernel.workspace_bytes);
  const internal::Launch args = {.inputs = inputs.data(),
                                 .outputs = outputs.data(),
                                 .workspace = workspace,
                                 .queue = queue.get(),
                                 .random_blocks_drawn = c.random_blocks_drawn};
  try {
    run.kernel.launch(args);
  } catch (...) {
    device->release(workspace);
    throw;
  }
  device->release(workspace);
  return run;
}

// The first output.
inline Tensor launch(const KernelCase& c) { return run_kernel(c).outputs.at(0); }

// Whether two tensors have the same dtype, shape and bits.
inline bool same_bits(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         (a.bytes() == 0 || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0);
}

// Numbers that look random and are the same everywhere: element i is about sin(start + 1.7 i).
template <typename T>
Tensor wave(const Shape& shape, double start = 0.3, double scale = 1) {
  Tensor tensor(dtype_of<T>, shape);
  double i = 0;
  for (T& element : tensor.mutable_data<T>()) {
    const double x = (start + 1.7 * i++) / 6.283185307179586;
    const double saw = 2 * (x * 1.618 - static_cast<double>(static_cast<int64_t>(x * 1.618))) - 1;
    element = static_cast<T>(scale * saw);
  }
  return tensor;
}

// Expects an exception of type E whose kind and message are as said.
template <typename E, typename F>
void expect_error(F f, ErrorKind kind, const std::string& text) {
  try {
    f();
    FAIL() << "nothing was thrown; expected: " << text;
  } catch (const E& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), ::testing::HasSubstr(text));
  }
}

}  // namespace tenon::testing
