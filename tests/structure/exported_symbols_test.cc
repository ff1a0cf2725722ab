// What libtenon shows to the programs that load it: namespace tenon, and nothing else.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace {

std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return lines;
  char buffer[8192];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) {
    std::string line = buffer;
    if (!line.empty() && line.back() == '\n') line.pop_back();
    lines.push_back(line);
  }
  pclose(pipe);
  return lines;
}

// Mangled names of tenon, its types' tables, thunks and guards.
bool is_ours(const std::string& mangled) {
  const size_t at = mangled.find("5tenon");
  return mangled.compare(0, 2, "_Z") == 0 && at != std::string::npos && at < 16;
}

TEST(ExportedSymbolsTest, AreOfNamespaceTenonAlone) {
  const std::string library = TENON_BINARY_DIR "/libtenon.so";
  if (!std::filesystem::exists(library)) GTEST_SKIP() << "libtenon is static here";
  int count = 0;
  for (const std::string& line : lines_of("nm -D --defined-only '" + library + "'")) {
    const std::string name = line.substr(line.rfind(' ') + 1);
    EXPECT_TRUE(is_ours(name)) << line;
    ++count;
  }
  EXPECT_GT(count, 0) << "nm read nothing in " << library;
}

}  // namespace
