// The table of the CUDA module's kernels, which is read without a driver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "core/backend/module.h"
#include "core/base/strings.h"
#include "cpu_fallback/backend.h"

namespace tenon::internal {
namespace {

// What gives or takes strings works in the host's memory; TensorFlow has these, and what follows
// from sounds, for the CPU alone too.
const std::set<std::string, std::less<>> kHostOnly = {
    "Assert", "AudioSpectrogram", "HistogramSummary", "ImageSummary", "MergeSummary", "Mfcc",
    "Print",  "ScalarSummary",    "TensorSummaryV2",  "_DecodeWav",   "_Text",        "_WavSizes"};

TEST(CudaKernelsTest, HasEveryKernelOfTheCpuButOfWhatGivesStrings) {
  const Module module = open_module_file(TENON_CUDA_MODULE);
  ASSERT_NE(module.api, nullptr) << module.status;
  const KernelRegistry& gpu = module.api->backend()->kernels();
  std::vector<std::string> missing;
  for (const auto& [op, dtype] : cpu_backend().kernels().list()) {
    EXPECT_FALSE(kHostOnly.contains(op) && gpu.has_kernel(op, dtype)) << op;
    if (dtype == DType::string) continue;
    if (!kHostOnly.contains(op) && !gpu.has_kernel(op, dtype)) {
      missing.push_back(str(op, " of ", dtype));
    }
  }
  EXPECT_THAT(missing, ::testing::IsEmpty());
}

// Fusing puts in front of a GPU what it puts in front of the CPU.
TEST(CudaKernelsTest, TakesTheEpiloguesThatTheCpuTakes) {
  const Module module = open_module_file(TENON_CUDA_MODULE);
  ASSERT_NE(module.api, nullptr) << module.status;
  const KernelRegistry& gpu = module.api->backend()->kernels();
  for (const auto& [op, dtype] : cpu_backend().kernels().list()) {
    if (!cpu_backend().kernels().find(op, dtype)->epilogues) continue;
    const KernelRegistration* found = gpu.find(op, dtype);
    EXPECT_TRUE(found != nullptr && found->epilogues) << op << " of " << dtype;
  }
}

}  // namespace
}  // namespace tenon::internal
