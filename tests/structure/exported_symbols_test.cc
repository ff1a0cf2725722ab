// What libtenon shows to the programs that load it: namespace tenon, and nothing else. Of a module,
// its entry point.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

#include "tests/testing/command.h"

namespace tenon::test {
namespace {

// Mangled names of tenon, its types' tables, thunks and guards.
bool is_our_symbol(const std::string& mangled) {
  const size_t at = mangled.find("5tenon");
  return mangled.compare(0, 2, "_Z") == 0 && at != std::string::npos && at < 16;
}

TEST(ExportedSymbolsTest, AreOfNamespaceTenonAlone) {
  const std::string library = TENON_BINARY_DIR "/libtenon.so";
  std::istringstream symbols(run_command("nm -D --defined-only '" + library + "'").output);
  int count = 0;
  for (std::string line; std::getline(symbols, line); ++count) {
    EXPECT_TRUE(is_our_symbol(line.substr(line.rfind(' ') + 1))) << line;
  }
  EXPECT_GT(count, 0) << "nm read nothing in " << library;
}

TEST(ExportedSymbolsTest, AModuleShowsItsEntryAlone) {
  for (const auto& entry : std::filesystem::directory_iterator(TENON_BINARY_DIR)) {
    const std::string name = entry.path().filename();
    if (name.rfind("libtenon_", 0) != 0 || entry.path().extension() != ".so") continue;
    const std::string symbols =
        run_command("nm -D --defined-only '" + entry.path().string() + "'").output;
    EXPECT_NE(symbols.find(" T tenon_module_entry\n"), std::string::npos) << name << symbols;
    EXPECT_EQ(std::count(symbols.begin(), symbols.end(), '\n'), 1) << name << symbols;
  }
}

}  // namespace
}  // namespace tenon::test
