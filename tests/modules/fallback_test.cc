// The same program where there is no driver, a useless one, and no CUDA libraries: it runs on the
// CPU, and says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/testing/command.h"

namespace tenon::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kParts = TENON_BINARY_DIR "/tests/modules/";

// What the program of parts/report.cc prints with these settings of the environment.
std::string report(const std::string& environment) {
  const CommandResult ran = run_command("env " + environment + " '" + kParts + "report' 2>&1");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("1 device, [[11]]\n"));
  return ran.output;
}

std::string with_driver(const std::string& driver) {
  return "LD_LIBRARY_PATH='" + kParts + driver + "' ";
}

class FallbackTest : public ::testing::Test {
 protected:
  FallbackTest() { fs::create_directories(folder_); }
  ~FallbackTest() override { fs::remove_all(folder_); }
  const fs::path folder_ =
      fs::path(testing::TempDir()) / ("tenon_fallback_" + std::to_string(getpid()));
};

TEST_F(FallbackTest, WithoutADriver) {
  std::ofstream(folder_ / "libcuda.so.1") << "no library";
  EXPECT_THAT(report("LD_LIBRARY_PATH='" + folder_.string() + "'"),
              HasSubstr("cuda not used: no NVIDIA driver: "));
}

TEST_F(FallbackTest, WithADriverThatFails) {
  EXPECT_THAT(report(with_driver("failing_driver")),
              HasSubstr("cuda not used: the NVIDIA driver answers cuInit with error 34 "
                        "(CUDA driver is a stub library)\n"));
}

TEST_F(FallbackTest, WithADriverAndNoDevice) {
  EXPECT_THAT(report(with_driver("idle_driver")),
              HasSubstr("cuda not used: the NVIDIA driver sees no device\n"));
}

TEST_F(FallbackTest, WithoutTheModule) {
  EXPECT_THAT(report(with_driver("driver") + "TENON_MODULE_PATH=/nowhere"),
              HasSubstr("cuda not used: libtenon_cuda.so is not there (looked in \"/nowhere\")\n"));
}

TEST_F(FallbackTest, WhereTheUserWantsNone) {
  EXPECT_THAT(report(with_driver("driver") + "TENON_DISABLE_CUDA=1"),
              HasSubstr("cuda not used: TENON_DISABLE_CUDA is set\n"));
}

#ifdef TENON_CUDA_MODULE
// The module as it was built, but for the name of a library that it needs.
TEST_F(FallbackTest, WithoutTheLibrariesOfCuda) {
  std::ostringstream content;
  content << std::ifstream(TENON_CUDA_MODULE, std::ios::binary).rdbuf();
  std::string module = content.str();
  const std::string needed = "libcudnn.so.9", absent = "libgone_.so.9";
  ASSERT_NE(module.find(needed), std::string::npos);
  for (size_t at = 0; (at = module.find(needed, at)) != std::string::npos; at += needed.size()) {
    module.replace(at, needed.size(), absent);
  }
  std::ofstream(folder_ / "libtenon_cuda.so", std::ios::binary) << module;
  EXPECT_THAT(report(with_driver("driver") + "TENON_MODULE_PATH='" + folder_.string() + "'"),
              HasSubstr("cuda not used: libgone_.so.9: cannot open shared object file"));
}

TEST_F(FallbackTest, WithADriverThatIsTooOld) {
  EXPECT_THAT(
      report(with_driver("old_driver")),
      HasSubstr("libtenon_cuda.so: the NVIDIA driver is one for CUDA 11.4, which is too old "
                "for CUDA 1"));
}

// The module opens; CUDA's own runtime then finds that this driver can nothing.
TEST_F(FallbackTest, WithADriverThatLacksMostOfIt) {
  EXPECT_THAT(report(with_driver("driver")), HasSubstr("cuda opened: " TENON_CUDA_MODULE "\n"));
}
#endif

}  // namespace
}  // namespace tenon::test
