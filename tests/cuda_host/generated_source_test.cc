// The sources of generated kernels, compiled for the host with a stand-in for what CUDA has built
// in, and run there: each against the CPU's kernel.
#include "cuda/generated_source.h"

#include "tests/cuda/kernel_cases.h"
#include "tests/cuda_host/host_kernels.h"

namespace tenon::testing {
namespace {

using internal::ElementwiseBuilder;
using internal::ElementwiseProgram;

cuda::PreparedTape tape_of(const KernelCase& c) {
  internal::KernelRequest request = {
      .op = c.op, .outputs = c.outputs, .values = c.inputs, .program = c.program};
  for (const Tensor& input : c.inputs) request.inputs.push_back({input.dtype(), input.shape()});
  return cuda::PreparedTape(request);
}

// Adds so many tensors up.
cuda::PreparedTape tape_of_sum(int terms) {
  ElementwiseBuilder builder;
  int sum = builder.input(float32);
  internal::KernelRequest request = {.op = internal::kElementwiseOp};
  request.inputs = {{float32, {8}}};
  for (int i = 1; i < terms; ++i) {
    sum = builder.add(sum, builder.input(float32));
    request.inputs.push_back({float32, {8}});
  }
  const ElementwiseProgram program = builder.finish({sum});
  request.program = &program;
  request.outputs = {{float32, {8}}};
  return cuda::PreparedTape(request);
}

TEST(GeneratedSourceTest, ComputesWhatTheCpusKernelsCompute) {
  struct Row {
    GpuCase given;
    cuda::PreparedTape tape;
    std::string source;
    size_t number;
  };
  HostKernels kernels;
  std::vector<Row> rows;
  for (GpuCase& given : elementwise_cases()) {
    if (given.kernel.outputs[0].shape.element_count() > 1000000) continue;  // slow on the host
    cuda::PreparedTape tape = tape_of(given.kernel);
    const std::string source = cuda::generated_source(tape).text;
    rows.push_back({std::move(given), std::move(tape), source, kernels.add(source)});
  }
  ASSERT_NO_FATAL_FAILURE(kernels.compile());
  EXPECT_GT(rows.size(), 200u);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.given.name);
    const KernelRun wanted = run_kernel(row.given.kernel);
    std::vector<Tensor> outputs;
    std::vector<void*> to;
    std::vector<const void*> from;
    for (const Tensor& input : row.given.kernel.inputs) from.push_back(input.raw());
    for (const internal::TensorSpec& output : row.given.kernel.outputs) {
      to.push_back(outputs.emplace_back(output.dtype, output.shape).raw());
    }
    const cuda::GeneratedArguments arguments(row.tape);
    ASSERT_TRUE(arguments.fit());
    alignas(8) cuda::GeneratedArguments::Bytes bytes;
    arguments.write(from.data(), to.data(), bytes.data());
    kernels.run(row.number, bytes.data());
    for (size_t i = 0; i < outputs.size(); ++i) {
      // The host's vector functions round otherwise than those of its C library.
      expect_near(outputs[i], wanted.outputs[i], std::max(row.given.tolerance, 2e-6), row.source);
    }
  }
}

TEST(GeneratedSourceTest, IsOneForProgramsThatDifferInNumbersAndSizes) {
  const auto source = [](double number, const Shape& shape, const Shape& row) {
    ElementwiseBuilder builder;
    const int x = builder.input(float32), y = builder.input(float32);
    const ElementwiseProgram program =
        builder.finish({builder.multiply(builder.add(x, y), builder.constant(float32, number))});
    internal::KernelRequest request = {.op = internal::kElementwiseOp, .program = &program};
    request.inputs = {{float32, shape}, {float32, row}};
    request.outputs = {{float32, shape}};
    return cuda::generated_source(cuda::PreparedTape(request)).text;
  };
  EXPECT_EQ(source(2, {4, 5}, {5}), source(3, {7, 1, 9}, {9}));
  EXPECT_NE(source(2, {4, 5}, {5}), source(2, {4, 5}, {}));
  EXPECT_NE(source(2, {4, 5}, {5}), source(2, {4, 5}, {4, 5}));
}

// One of many values computes element by element: registers are few.
TEST(GeneratedSourceTest, ComputesSmallProgramsFourElementsAtATime) {
  for (const int terms : {2, 60}) {
    EXPECT_EQ(cuda::generated_source(tape_of_sum(terms)).width, terms == 2 ? 4 : 1);
  }
}

TEST(GeneratedArgumentsTest, FitWhatEveryVersionOfCudaTakes) {
  for (const int terms : {200, 520}) {
    EXPECT_EQ(cuda::GeneratedArguments(tape_of_sum(terms)).fit(), terms == 200);
  }
}

// Where memory isn't aligned to 16 bytes, no element may be moved with its neighbours.
TEST(GeneratedArgumentsTest, SayWhetherWholeVectorsMayBeMoved) {
  ElementwiseBuilder builder;
  const int x = builder.input(float32), y = builder.input(float32);
  const ElementwiseProgram program = builder.finish({builder.add(x, y)});
  internal::KernelRequest request = {.op = internal::kElementwiseOp, .program = &program};
  request.inputs = {{float32, {8}}, {float32, {}}};
  request.outputs = {{float32, {8}}};
  const cuda::GeneratedArguments arguments{cuda::PreparedTape(request)};
  alignas(16) float memory[20] = {};
  const auto aligned = [&](const float* whole, const float* single, float* output) {
    const void* inputs[] = {whole, single};
    void* outputs[] = {output};
    cuda::GeneratedArguments::Bytes bytes;
    arguments.write(inputs, outputs, bytes.data());
    int64_t said = 0;
    std::memcpy(&said, bytes.data() + sizeof said, sizeof said);
    return said != 0;
  };
  EXPECT_TRUE(aligned(memory, memory + 8, memory + 12));
  EXPECT_TRUE(aligned(memory, memory + 9, memory + 12));
  EXPECT_FALSE(aligned(memory + 1, memory + 9, memory + 12));
  EXPECT_FALSE(aligned(memory, memory + 9, memory + 10));
}

}  // namespace
}  // namespace tenon::testing
