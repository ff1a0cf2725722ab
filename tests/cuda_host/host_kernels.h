// The sources of generated kernels, compiled for the host with a stand-in for what CUDA has built
// in.
#pragma once

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <string>

#include "core/base/strings.h"
#include "tests/testing/command.h"
#include "tests/testing/tensors.h"

namespace tenon::testing {

// Two threads of one block; each has to do with whatever the other leaves.
inline constexpr const char* kStandIn = R"(
#include <cstring>
#define __CUDA_ARCH__ 900  // where an integer divided by zero is -1
#define __CUDACC_RTC__
#define __device__
#define __global__
#define __launch_bounds__(threads)
#define __grid_constant__
#define __shared__ static
struct Three { unsigned x; };
static Three blockIdx{0}, threadIdx{0}, blockDim{2}, gridDim{1};
static inline void __syncthreads() {}
static inline unsigned __shfl_xor_sync(unsigned, unsigned word, int) { return word; }
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#include "cuda/generated/rows.h"
)";

// Sources as functions of a library that the host's compiler makes.
class HostKernels {
 public:
  // The number of the source, whose kernel takes a struct of that name.
  size_t add(const std::string& source, const std::string& parameter = "Arguments") {
    const auto [at, added] = numbers_.try_emplace(source, numbers_.size());
    if (added) {
      const std::string name = internal::str("run_", at->second);
      text_ += internal::str(
          "\nnamespace of_", name, " {\n#define run ", name, "\n", source, "#undef run\n}\n",
          "extern \"C\" void call_", name, "(const void* parameter, unsigned blocks) {\n",
          "  gridDim.x = blocks;\n  for (blockIdx.x = 0; blockIdx.x < blocks; ++blockIdx.x) {\n",
          "  for (threadIdx.x = 0; threadIdx.x < blockDim.x; ++threadIdx.x) {\n    of_", name,
          "::", name, "(*static_cast<const of_", name, "::", parameter, "*>(parameter));\n  }\n",
          "  }\n}\n");
    }
    return at->second;
  }

  void compile() {
    const std::string stem =
        internal::str(::testing::TempDir(), "tenon_",
                      ::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name());
    std::ofstream(stem + ".cc") << text_;
    const test::CommandResult result = test::run_command(
        internal::str("'" TENON_CXX_COMPILER
                      "' -std=c++20 -O0 -ffp-contract=off -fPIC -shared -I'" TENON_SOURCE_DIR
                      "' -I'" TENON_SOURCE_DIR "/core/include' -o '",
                      stem, ".so' '", stem, ".cc' 2>&1"));
    ASSERT_EQ(result.status, 0) << result.output.substr(0, 4000);
    library_ = dlopen((stem + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library_, nullptr) << dlerror();
  }

  void run(size_t number, const void* parameter, unsigned blocks = 1) const {
    void* function = dlsym(library_, internal::str("call_run_", number).c_str());
    ASSERT_NE(function, nullptr);
    reinterpret_cast<void (*)(const void*, unsigned)>(function)(parameter, blocks);
  }

 private:
  std::string text_ = kStandIn;
  std::map<std::string, size_t> numbers_;
  void* library_ = nullptr;  // stays open
};

inline void expect_near(const Tensor& found, const Tensor& wanted, double tolerance,
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

}  // namespace tenon::testing
