// Every kernel on the GPU against the CPU's, which answer to float64 loops in tests/cpu_fallback;
// and what only a GPU does its own way.
#include <limits>
#include <set>

#include "core/backend/groups.h"
#include "core/backend/tiles.h"
#include "tests/cuda/gpu_testing.h"
#include "tests/cuda/kernel_cases.h"

namespace tenon::testing {
namespace {

class GpuKernelTest : public ::testing::TestWithParam<GpuCase> {};

TEST_P(GpuKernelTest, GivesWhatTheCpuGives) {
  const GpuCase& row = GetParam();
  expect_as_on_cpu(row.kernel, row.tolerance);
}

std::string name_of(const ::testing::TestParamInfo<GpuCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Array, GpuKernelTest, ::testing::ValuesIn(array_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Elementwise, GpuKernelTest, ::testing::ValuesIn(elementwise_cases()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Math, GpuKernelTest, ::testing::ValuesIn(math_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Nn, GpuKernelTest, ::testing::ValuesIn(nn_cases()), name_of);

// A kernel that is added has a case here, or a test of its own below.
TEST(GpuKernelsTest, EveryOneHasACase) {
  std::set<std::string> covered = {"CountUpTo", "ResourceCountUpTo",
                                   std::string(internal::kGroupOp),
                                   std::string(internal::kTilesOp)};
  for (const auto& cases : {array_cases(), elementwise_cases(), math_cases(), nn_cases()}) {
    for (const GpuCase& row : cases) covered.insert(row.kernel.op);
  }
  std::set<std::string> missing;
  for (const auto& [op, dtype] : gpu().kernels().list()) {
    if (covered.count(op) == 0) missing.insert(op);
  }
  EXPECT_THAT(missing, ::testing::IsEmpty());
}

TEST(GpuElementwiseTest, MayWriteWhereItsInputLies) {
  internal::ElementwiseBuilder builder;
  const int x = builder.input(float32), y = builder.input(float32);
  const int sum = builder.add(x, y);
  const auto program = builder.finish({builder.subtract(sum, x), builder.multiply(x, sum)});
  const KernelCase c = {.op = std::string(internal::kElementwiseOp),
                        .inputs = {some(float32, {3000, 7}), some(float32, {7}, 0.8)},
                        .outputs = {{float32, {3000, 7}}, {float32, {3000, 7}}},
                        .program = &program};
  const KernelRun cpu = run_kernel(c), gpu = run_on_gpu(c, {.output_on_first = true});
  for (const size_t i : {0, 1}) EXPECT_TRUE(same_bits(gpu.outputs[i], cpu.outputs[i]));
}

TEST(GpuGatherTest, GivesZerosForAnIndexOutOfRange) {
  const KernelRun run = run_on_gpu({.op = "GatherV2",
                                    .inputs = {Tensor({1.f, 2.f}), Tensor({1, 2, -1}), Tensor(0)},
                                    .outputs = {{float32, {3}}}});
  EXPECT_TRUE(same_bits(run.outputs[0], Tensor({2.f, 0.f, 0.f})));
}

TEST(GpuLossTest, GivesNanForALabelOutOfRange) {
  const KernelRun run = run_on_gpu({.op = "SparseSoftmaxCrossEntropyWithLogits",
                                    .inputs = {Tensor({{1.f, 2.f}}), Tensor({2})},
                                    .outputs = {{float32, {1}}, {float32, {1, 2}}}});
  for (const Tensor& output : run.outputs) {
    for (const float x : output.data<float>()) EXPECT_TRUE(std::isnan(x));
  }
}

// A library's relu on the way out must not hide that training went wrong.
TEST(GpuMatMulTest, ReluKeepsNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const KernelRun run = run_on_gpu(
      {.op = "MatMul",
       .inputs = {Tensor({{1.f, nan}, {1.f, 2.f}}), Tensor({{3.f}, {4.f}}), Tensor({-1.f})},
       .outputs = {{float32, {2, 1}}},
       .epilogue = {.bias = true, .activation = internal::Activation::kRelu}});
  EXPECT_TRUE(std::isnan(run.outputs[0].data<float>()[0]));
  EXPECT_EQ(run.outputs[0].data<float>()[1], 10.f);
}

TEST(GpuElementwiseTest, GivesMinusOneForAnIntegerDividedByZero) {
  internal::ElementwiseBuilder builder;
  const int a = builder.input(int32), b = builder.input(int32);
  const auto program = builder.finish({builder.divide(a, b)});
  const KernelRun run = run_on_gpu({.op = std::string(internal::kElementwiseOp),
                                    .dtype = int32,
                                    .inputs = {Tensor({7, 8}), Tensor({0, 2})},
                                    .outputs = {{int32, {2}}},
                                    .program = &program});
  EXPECT_TRUE(same_bits(run.outputs[0], Tensor({-1, 4})));
}

TEST(GpuCheckNumericsTest, NamesWhatItFound) {
  const float infinity = std::numeric_limits<float>::infinity();
  expect_error<InvalidArgumentError>(
      [&] {
        run_on_gpu({.op = "CheckNumerics",
                    .inputs = {Tensor({1.f, infinity})},
                    .outputs = {{float32, {2}}},
                    .attrs = {{"message", std::string("rate")}}});
      },
      ErrorKind::bad_argument, "rate : Tensor had Inf values");
}

TEST(GpuCountUpToTest, CountsToTheLimit) {
  const auto count = [](int32_t from) {
    return run_on_gpu({.op = "CountUpTo",
                       .dtype = int32,
                       .inputs = {Tensor(from)},
                       .outputs = {{int32, {}}},
                       .attrs = {{"limit", int64_t{3}}}});
  };
  const KernelRun run = count(2);
  EXPECT_EQ(run.outputs[0].scalar<int32_t>(), 2);
  EXPECT_EQ(run.inputs[0].scalar<int32_t>(), 3);
  expect_error<OutOfRangeError>([&] { count(3); }, ErrorKind::limit_reached, "Reached limit of 3");
}

}  // namespace
}  // namespace tenon::testing
