// The sources of generated kernels, compiled for the host with a stand-in for what CUDA has built
// in, and run there: each against the CPU's kernel.
#include "cuda/generated_source.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "core/base/strings.h"
#include "tests/cuda/kernel_cases.h"
#include "tests/testing/command.h"
#include "tests/testing/tensors.h"

namespace tenon::testing {
namespace {

using internal::ElementwiseBuilder;
using internal::ElementwiseProgram;
using internal::str;

// Two threads of one block; each has to do with whatever the other leaves.
constexpr const char* kStandIn = R"(
#include <cstring>
#define __CUDA_ARCH__ 900  // where an integer divided by zero is -1
#define __CUDACC_RTC__
#define __device__
#define __global__
#define __launch_bounds__(threads)
#define __grid_constant__
struct Three { unsigned x; };
static Three blockIdx{0}, threadIdx{0}, blockDim{2}, gridDim{1};
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#include "cuda/generated/support.h"
)";

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

// Sources as functions of a library that the host's compiler makes.
class HostKernels {
 public:
  // The number of the source.
  size_t add(const std::string& source) {
    const auto [at, added] = numbers_.try_emplace(source, numbers_.size());
    if (added) {
      const std::string name = str("run_", at->second);
      text_ +=
          str("\nnamespace of_", name, " {\n#define run ", name, "\n", source, "#undef run\n}\n",
              "extern \"C\" void call_", name, "(const void* arguments) {\n",
              "  for (threadIdx.x = 0; threadIdx.x < blockDim.x; ++threadIdx.x) {\n    of_", name,
              "::", name, "(*static_cast<const of_", name, "::Arguments*>(arguments));\n  }\n}\n");
    }
    return at->second;
  }

  void compile() {
    const std::string stem = ::testing::TempDir() + "tenon_generated";
    std::ofstream(stem + ".cc") << text_;
    const test::CommandResult result = test::run_command(
        str("'" TENON_CXX_COMPILER
            "' -std=c++20 -O0 -ffp-contract=off -fPIC -shared -I'" TENON_SOURCE_DIR
            "' -I'" TENON_SOURCE_DIR "/core/include' -o '",
            stem, ".so' '", stem, ".cc' 2>&1"));
    ASSERT_EQ(result.status, 0) << result.output.substr(0, 4000);
    library_ = dlopen((stem + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library_, nullptr) << dlerror();
  }

  void run(size_t number, const void* arguments) const {
    void* function = dlsym(library_, str("call_run_", number).c_str());
    ASSERT_NE(function, nullptr);
    reinterpret_cast<void (*)(const void*)>(function)(arguments);
  }

 private:
  std::string text_ = kStandIn;
  std::map<std::string, size_t> numbers_;
  void* library_ = nullptr;  // stays open
};

void expect_near(const Tensor& found, const Tensor& wanted, double tolerance,
                 const std::string& source) {
  if (std::memcmp(found.raw(), wanted.raw(), wanted.bytes()) == 0) return;
  ASSERT_TRUE(is_floating(wanted.dtype())) << source;
  const std::vector<double> found_numbers = test::numbers_of(found);
  const std::vector<double> wanted_numbers = test::numbers_of(wanted);
  for (size_t i = 0; i < wanted_numbers.size(); ++i) {
    const double x = found_numbers[i], y = wanted_numbers[i];
    if (std::isnan(x) && std::isnan(y)) continue;
    ASSERT_TRUE(x == y || std::abs(x - y) <= tolerance * std::max(1.0, std::abs(y)))
        << x << " instead of " << y << " at " << i << " in\n"
        << source;
  }
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
    arguments.write(from.data(), to.data(), bytes);
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
    arguments.write(inputs, outputs, bytes);
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
