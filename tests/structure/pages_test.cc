// Pages, headers and sources name only files that are there.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = TENON_SOURCE_DIR;

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// What a pattern's first group finds in a page.
std::vector<std::string> found(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> all;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
    all.push_back((*at)[1]);
  }
  return all;
}

const char* const kPages[] = {"README.md",         "CONTRIBUTING.md",     "docs/architecture.md",
                              "docs/variables.md", "docs/checkpoints.md", "docs/operations.md",
                              "docs/models.md",    "docs/cluster.md"};

TEST(PagesTest, LinkToFilesThatAreThere) {
  for (const char* page : kPages) {
    const fs::path path = kRoot / page;
    ASSERT_TRUE(fs::exists(path)) << page;
    for (const std::string& link : found(contents(path), R"(\]\(([^)#:]+)\))")) {
      EXPECT_TRUE(fs::exists(path.parent_path() / link)) << page << " links to " << link;
    }
  }
}

TEST(PagesTest, NameSourcesThatAreThere) {
  int names = 0;
  for (const char* page : kPages) {
    const char* const pattern =
        R"(`((?:core|cpu_fallback|cuda|onednn|mpi|tests|bench|fuzz|samples|docs|cmake)/[\w./]+)`)";
    for (const std::string& name : found(contents(kRoot / page), pattern)) {
      ++names;
      EXPECT_TRUE(fs::exists(kRoot / name)) << page << " names " << name;
    }
  }
  EXPECT_GT(names, 20);
}

// "FORMAT.md" and the like, wherever a comment speaks of one.
TEST(PagesTest, AreThereWhereSourcesCiteThem) {
  for (const char* folder :
       {"core", "cpu_fallback", "cuda", "onednn", "mpi", "tests", "samples", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc" && extension != ".cu") continue;
      for (const std::string& cited : found(contents(entry.path()), R"((\w[\w./]*\.md)\b)")) {
        const std::string name = fs::path(cited).filename();
        const bool there = fs::exists(kRoot / name) || fs::exists(kRoot / "docs" / name) ||
                           fs::exists(kRoot / "tests/golden" / name) ||
                           fs::exists(kRoot / "bench" / name) ||
                           fs::exists(kRoot / "bench/peers" / name);
        EXPECT_TRUE(there) << entry.path() << " cites " << cited;
      }
    }
  }
}

}  // namespace
