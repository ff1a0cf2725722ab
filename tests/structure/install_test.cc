// Tenon as it is installed: a program elsewhere finds it, wherever it was moved to.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>

#include "tests/testing/command.h"

namespace tenon::test {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

class InstallTest : public ::testing::Test {
 protected:
  InstallTest() {
    const CommandResult installed = run_command("cmake --install '" TENON_BINARY_DIR "' --prefix " +
                                                quoted(folder_ / "first") + " 2>&1");
    EXPECT_EQ(installed.status, 0) << installed.output;
    fs::rename(folder_ / "first", prefix_);
  }
  ~InstallTest() override { fs::remove_all(folder_); }

  // Configures, builds and runs the program of tests/consumer; with its output.
  CommandResult consume(const std::string& flags) const {
    const std::string build = quoted(folder_ / "build");
    return run_command("cmake -S '" TENON_SOURCE_DIR "/tests/consumer' -B " + build + generator() +
                       " -DCMAKE_CXX_COMPILER='" TENON_CXX_COMPILER
                       "' -DCMAKE_CXX_FLAGS='" TENON_CXX_FLAGS "' " +
                       "-DCMAKE_PREFIX_PATH=" + quoted(prefix_) + " " + flags +
                       " 2>&1 && cmake --build " + build + " 2>&1 && " + build + "/consumer");
  }

  // The one that this build was made with: no other need be there.
  static std::string generator() {
    const CommandResult found = run_command(
        "sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' '" TENON_BINARY_DIR "/CMakeCache.txt'");
    return " -G '" + found.output.substr(0, found.output.find('\n')) + "'";
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) / ("tenon_install_" + std::to_string(getpid()));
  const fs::path prefix_ = folder_ / "moved";
};

TEST_F(InstallTest, AConsumerBuildsAgainstIt) {
  const CommandResult ran = consume("");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("[2 2]"), std::string::npos) << ran.output;
}

TEST_F(InstallTest, HoldsThePublicHeadersAndNothingOfTheFolderItWasBuiltIn) {
  std::set<std::string> headers;
  for (const auto& entry : fs::recursive_directory_iterator(prefix_ / "include")) {
    if (entry.is_regular_file()) headers.insert(entry.path().filename());
  }
  for (const char* folder : {"/core/include/tenon", "/cuda/include/tenon"}) {
    for (const auto& entry : fs::directory_iterator(TENON_SOURCE_DIR + std::string(folder))) {
      EXPECT_EQ(headers.erase(entry.path().filename()), 1u) << entry.path();
    }
  }
  EXPECT_TRUE(headers.empty()) << *headers.begin();
  const CommandResult found = run_command("grep -rl '" TENON_SOURCE_DIR "' " +
                                          quoted(prefix_ / "lib") + " --include=*.cmake");
  EXPECT_EQ(found.output, "");
}

}  // namespace
}  // namespace tenon::test
