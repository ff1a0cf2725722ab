// Kernels of many tapes side by side, compiled for the host and run there.
#include "tests/cuda/kernel_cases.h"
#include "tests/cuda_host/host_kernels.h"

#include "cuda/generated_source.h"

namespace tenon::testing {
namespace {

using internal::ElementwiseBuilder;
using internal::ElementwiseProgram;

// variable - rate * gradient, and the gradient's square.
ElementwiseProgram update(double rate) {
  ElementwiseBuilder builder;
  const int variable = builder.input(float32), gradient = builder.input(float32);
  return builder.finish(
      {builder.subtract(variable, builder.multiply(gradient, builder.constant(float32, rate))),
       builder.multiply(gradient, gradient)});
}

cuda::PreparedTape tape_of(const ElementwiseProgram& program, const Shape& shape,
                           const Shape& of_gradient) {
  internal::KernelRequest request = {.op = internal::kElementwiseOp, .program = &program};
  request.inputs = {{float32, shape}, {float32, of_gradient}};
  request.outputs = {{float32, shape}, {float32, shape}};
  return cuda::PreparedTape(request);
}

TEST(GroupSourceTest, ComputesEachPart) {
  const std::vector<double> rates = {0.5, 0.25, 2, 1};
  const std::vector<Shape> shapes = {{1}, {5, 3}, {4099}, {16}};
  std::vector<ElementwiseProgram> programs;
  std::vector<cuda::PreparedTape> tapes;
  std::vector<Tensor> values, squares;
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  for (size_t i = 0; i < shapes.size(); ++i) {
    tapes.push_back(tape_of(programs.emplace_back(update(rates[i])), shapes[i], shapes[i]));
    values.push_back(some(float32, shapes[i]));
    values.push_back(some(float32, shapes[i], 0.8));
    squares.emplace_back(float32, shapes[i]);
  }
  const std::vector<Tensor> before = [&] {
    std::vector<Tensor> copies;
    for (const Tensor& value : values) copies.push_back(value.clone());
    return copies;
  }();
  for (size_t i = 0; i < shapes.size(); ++i) {  // the variable is written where it lies
    inputs.insert(inputs.end(), {values[2 * i].raw(), values[2 * i + 1].raw()});
    outputs.insert(outputs.end(), {values[2 * i].raw(), squares[i].raw()});
  }
  const cuda::GeneratedSource source = cuda::group_source(tapes[0]);
  HostKernels kernels;
  const size_t number = kernels.add(source.text, "Parts");
  ASSERT_NO_FATAL_FAILURE(kernels.compile());
  const cuda::GroupArguments arguments(tapes, source.width);
  EXPECT_EQ(arguments.blocks(), 3u + (4099 + 1023) / 1024);
  alignas(8) cuda::KernelParameter::Bytes bytes;
  arguments.write(inputs.data(), outputs.data(), bytes.data());
  kernels.run(number, bytes.data(), arguments.blocks());
  for (size_t i = 0; i < shapes.size(); ++i) {
    SCOPED_TRACE(i);
    for (int64_t k = 0; k < shapes[i].element_count(); ++k) {
      const auto at = static_cast<size_t>(k);
      const float gradient = before[2 * i + 1].data<float>()[at];
      const float scaled = gradient * static_cast<float>(rates[i]);
      ASSERT_EQ(values[2 * i].data<float>()[at], before[2 * i].data<float>()[at] - scaled);
      ASSERT_EQ(squares[i].data<float>()[at], gradient * gradient);
    }
  }
}

// Numbers and sizes are the parameter's; how an input is read is the source's.
TEST(GroupSourceTest, IsOneForPartsThatDifferInNumbersAndSizes) {
  const ElementwiseProgram one = update(0.5), other = update(2);
  const std::string source = cuda::group_source(tape_of(one, {4, 5}, {4, 5})).text;
  EXPECT_EQ(source, cuda::group_source(tape_of(other, {700}, {700})).text);
  EXPECT_NE(source, cuda::group_source(tape_of(one, {4, 5}, {5})).text);
}

TEST(GroupArgumentsTest, FillNoMoreThanAKernelsParameter) {
  const ElementwiseProgram program = update(0.5);
  const cuda::PreparedTape tape = tape_of(program, {8}, {8});
  const size_t size = cuda::GeneratedArguments(tape).size();
  const size_t most = cuda::GroupArguments::most_parts(size);
  EXPECT_GT(most, 40u);
  EXPECT_LE(16 + most * (size + 8), cuda::KernelParameter::kMostBytes);
  EXPECT_GT(16 + (most + 1) * (size + 8), cuda::KernelParameter::kMostBytes);
}

}  // namespace
}  // namespace tenon::testing
