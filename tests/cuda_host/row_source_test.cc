// The kernels of operations joined by rows, compiled for the host and run there: each against the
// CPU's kernels, one after the other.
#include "cuda/row_source.h"

#include "tests/cuda/kernel_cases.h"
#include "tests/cuda/row_cases.h"
#include "tests/cuda_host/host_kernels.h"

namespace tenon::testing {
namespace {

using internal::ElementwiseBuilder;
using internal::TileProgram;

cuda::RowProgram program_of(const RowCase& c) {
  const KernelCase kernel = c.kernel();
  internal::KernelRequest request = {
      .op = kernel.op, .outputs = kernel.outputs, .tiles = &c.tiles()};
  for (const Tensor& input : kernel.inputs) {
    request.inputs.push_back({input.dtype(), input.shape()});
  }
  return cuda::RowProgram(request);
}

TEST(RowSourceTest, ComputesWhatTheCpusKernelsCompute) {
  constexpr size_t kTeam = 2;  // among the parameter's numbers
  const std::vector<RowCase> cases = row_cases();
  HostKernels kernels;
  std::vector<cuda::RowProgram> programs;
  std::vector<size_t> numbers;
  for (const RowCase& c : cases) {
    programs.push_back(program_of(c));
    numbers.push_back(kernels.add(cuda::row_source(programs.back())));
  }
  ASSERT_NO_FATAL_FAILURE(kernels.compile());
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].name());
    const KernelCase kernel = cases[i].kernel();
    std::vector<Tensor> outputs;
    std::vector<void*> to;
    std::vector<const void*> from;
    for (const Tensor& input : kernel.inputs) from.push_back(input.raw());
    for (const internal::TensorSpec& output : kernel.outputs) {
      to.push_back(outputs.emplace_back(output.dtype, output.shape).raw());
    }
    const cuda::KernelParameter parameter = cuda::row_parameter(programs[i]);
    ASSERT_TRUE(parameter.fits());
    alignas(8) cuda::KernelParameter::Bytes bytes;
    parameter.write(from.data(), to.data(), bytes.data());
    cuda::KernelParameter::write_number(kTeam, 1, bytes.data());  // threads of the host don't meet
    kernels.run(numbers[i], bytes.data());
    const std::vector<Tensor> expected = cases[i].expected();
    for (size_t k = 0; k < outputs.size(); ++k) {
      const double tolerance = outputs[k].dtype() == float16 ? 1e-3 : 4e-6;
      expect_near(outputs[k], expected[k], tolerance, cuda::row_source(programs[i]));
    }
  }
}

// A row is read once for each reduction that waits for another, and once for what is made of it.
TEST(RowSourceTest, GoesOverARowOnceForEachReductionThatWaits) {
  const auto count = [](const std::string& text, std::string_view what) {
    size_t found = 0;
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  for (const RowCase& c : row_cases()) {
    const std::string source = cuda::row_source(program_of(c));
    if (c.name() == "normalization") {
      EXPECT_EQ(count(source, "for_row<"), 3u);
    }
    if (c.name() == "statistics") {
      EXPECT_EQ(count(source, "for_row<"), 1u);
      EXPECT_EQ(count(source, "team.reduce("), 5u);
    }
  }
}

TEST(RowSourceTest, IsOneForAllSizes) {
  const auto source = [](const Shape& shape) {
    RowCase c("");
    const int x = c.input(some(float32, shape));
    c.output(c.compute({x, c.reduce("Sum", x, 1)}, [](ElementwiseBuilder& b, const auto& v) {
      return b.subtract(v[0], v[1]);
    }));
    return cuda::row_source(program_of(c));
  };
  EXPECT_EQ(source({3, 70}), source({900, 5000}));
}

// The parts so far, and one more.
bool is_taken(const std::function<void(RowCase&)>& build) {
  RowCase c("");
  build(c);
  return cuda::is_row_program(c.tiles());
}

TEST(RowProgramTest, TakesWhatGoesOverTheSameRows) {
  for (const RowCase& c : row_cases()) {
    TileProgram program = c.tiles();
    while (!program.parts.empty()) {
      EXPECT_TRUE(cuda::is_row_program(program)) << c.name() << ", " << program.parts.size();
      program.parts.pop_back();
    }
  }
}

TEST(RowProgramTest, LeavesWhatDoesNot) {
  const auto exp = [](ElementwiseBuilder& b, const std::vector<int>& v) {
    return b.unary(internal::Primitive::kExp, v[0]);
  };
  const auto add = [](ElementwiseBuilder& b, const std::vector<int>& v) {
    return b.add(v[0], v[1]);
  };
  // Rows of other lengths, of integers, of few long rows, which are summed in pieces.
  EXPECT_FALSE(is_taken([](RowCase& c) {
    const int x = c.input(some(float32, {4, 6, 8}));
    c.reduce("Sum", x, 1), c.reduce("Sum", x, 2);
  }));
  EXPECT_FALSE(is_taken([](RowCase& c) { c.reduce("Sum", c.input(some(int32, {4, 6})), 1); }));
  EXPECT_FALSE(is_taken([](RowCase& c) {
    c.reduce("Sum", c.input(some(float32, {2, 100000})), 1);
  }));
  // An operation by rows that isn't known here.
  EXPECT_FALSE(is_taken([](RowCase& c) {
    c.reduce("Softmax", c.input(some(float32, {4, 6})), 1);
  }));
  // Before there is a reduction: another shape.
  EXPECT_FALSE(is_taken([&](RowCase& c) {
    const int x = c.input(some(float32, {4, 6})), y = c.input(some(float32, {4, 1}));
    c.compute({x}, exp), c.compute({y}, exp);
  }));
  // One that is neither a row nor a number for each row.
  EXPECT_FALSE(is_taken([&](RowCase& c) {
    const int x = c.input(some(float32, {4, 6})), y = c.input(some(float32, {4, 3}));
    c.reduce("Sum", x, 1), c.compute({y}, exp);
  }));
  // What a part makes, repeated along neither axis of the frame.
  EXPECT_FALSE(is_taken([&](RowCase& c) {
    const int x = c.input(some(float32, {4, 4, 4})), y = c.input(some(float32, {4, 4, 1}));
    c.reduce("Sum", x, 1);
    c.compute({x, y}, add);
  }));
}

}  // namespace
}  // namespace tenon::testing
