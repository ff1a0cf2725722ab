// What is compiled for a GPU; that needs none.
#include "cuda/nvrtc.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/testing/temporary_folder.h"

namespace tenon::cuda {
namespace {

constexpr const char* kSource = "extern \"C\" __global__ void run(int* x) { *x = 1; }";

TEST(NvrtcTest, CompilesOrSaysWhyNot) {
  ASSERT_EQ(why_no_nvrtc(), "");
  EXPECT_TRUE(compile(kSource, 90).cubin.starts_with("\177ELF"));
  const CompiledSource wrong = compile("nonsense", 90);
  EXPECT_EQ(wrong.cubin, "");
  EXPECT_NE(wrong.error.find("nonsense"), std::string::npos) << wrong.error;
}

// What lies in the cache is taken as it is: so a test sees that nothing was compiled.
TEST(NvrtcTest, CompilesOnceForAllProcesses) {
  const test::TemporaryFolder folder;
  CodeCache cache(folder.path());
  const std::string code = compiled_code(kSource, 90, cache);
  EXPECT_TRUE(code.starts_with("\177ELF"));
  const std::string path = std::filesystem::directory_iterator(folder.path())->path().string();
  const auto written = std::filesystem::last_write_time(path);
  CodeCache later(folder.path());
  EXPECT_EQ(compiled_code(kSource, 90, later), code);
  EXPECT_NE(compiled_code(kSource, 80, later), code);
  EXPECT_NE(compiled_code(std::string(kSource) + ' ', 90, later), "");
  EXPECT_EQ(compiled_code("nonsense", 90, later), "");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 3);
  EXPECT_GE(std::filesystem::last_write_time(path), written);
}

TEST(NvrtcTest, CompilesAgainWhatIsDamaged) {
  const test::TemporaryFolder folder;
  CodeCache cache(folder.path());
  const std::string code = compiled_code(kSource, 90, cache);
  const std::string path = std::filesystem::directory_iterator(folder.path())->path().string();
  test::put_file(path, "damaged");
  EXPECT_EQ(compiled_code(kSource, 90, cache), code);
  EXPECT_EQ(cache.find("damaged"), "");
  EXPECT_GT(std::filesystem::file_size(path), code.size());
}

}  // namespace
}  // namespace tenon::cuda
