// Kernels that are compiled at run time, against the interpreter that does their work until then.
#include <chrono>
#include <cstdlib>
#include <thread>

#include "tests/cuda/gpu_testing.h"
#include "tests/cuda/kernel_cases.h"
#include "tests/cuda/row_cases.h"

namespace tenon::testing {
namespace {

// What is compiled is launched the first time, or nothing is compiled.
KernelRun run_compiled(const KernelCase& c, bool compiled, const Addresses& where = {}) {
  const char* variable = compiled ? "TENON_COMPILE_AHEAD" : "TENON_DISABLE_JIT";
  setenv(variable, "1", 1);
  KernelRun run = run_on_gpu(c, where);
  unsetenv(variable);
  return run;
}

class GeneratedKernelTest : public ::testing::TestWithParam<GpuCase> {};

TEST_P(GeneratedKernelTest, GivesTheInterpretersBits) {
  const KernelCase& c = GetParam().kernel;
  const KernelRun interpreted = run_compiled(c, false);
  for (const bool aligned : {true, false}) {
    const KernelRun compiled = run_compiled(c, true, {.aligned = aligned});
    for (size_t i = 0; i < compiled.outputs.size(); ++i) {
      EXPECT_TRUE(same_bits(compiled.outputs[i], interpreted.outputs[i])) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Elementwise, GeneratedKernelTest, ::testing::ValuesIn(elementwise_cases()),
                         [](const auto& row) { return row.param.name; });

// Joined by rows: as the parts' own kernels, one after the other, which are as the CPU's.
TEST(GeneratedRowsTest, GiveTheBitsOfTheirParts) {
  for (const RowCase& c : row_cases()) {
    SCOPED_TRACE(c.name());
    const KernelRun parts = run_compiled(c.kernel(), false);
    const std::vector<Tensor> expected = c.expected();
    for (size_t i = 0; i < expected.size(); ++i) {
      expect_alike(parts.outputs[i], expected[i], expected[i].dtype() == float16 ? 1e-3 : 4e-6);
    }
    for (const bool aligned : {true, false}) {
      const KernelRun compiled = run_compiled(c.kernel(), true, {.aligned = aligned});
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_TRUE(same_bits(compiled.outputs[i], parts.outputs[i])) << i;
      }
    }
  }
}

TEST(GeneratedKernelsTest, AreReadyAfterAWhile) {
  internal::ElementwiseBuilder builder;
  const int x = builder.input(float32);
  const auto program = builder.finish({builder.add(x, builder.constant(float32, 3))});
  const KernelRun run = run_on_gpu({.op = std::string(internal::kElementwiseOp),
                                    .inputs = {some(float32, {100})},
                                    .outputs = {{float32, {100}}},
                                    .program = &program});
  ASSERT_TRUE(run.kernel.settled);
  for (int i = 0; i < 2000 && !run.kernel.settled(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(run.kernel.settled());
}

}  // namespace
}  // namespace tenon::testing
