// The pages whose code is built as it stands: it prints what the page says it prints.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/testing/command.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::test {
namespace {

// The blocks of code of a page of docs/.
std::vector<std::string> blocks(const std::string& page) {
  std::ifstream file(TENON_SOURCE_DIR "/docs/" + page);
  std::vector<std::string> found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```cpp") {
      found.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      found.back() += line + '\n';
    }
  }
  return found;
}

// What stands in backquotes in the last column of tables.
std::vector<std::string> table_code(const std::string& page) {
  std::ifstream file(TENON_SOURCE_DIR "/docs/" + page);
  std::vector<std::string> found;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() != '|' || line.back() != '|') continue;
    std::istringstream cell(line.substr(line.rfind('|', line.size() - 2)));
    std::string text, code;
    while (std::getline(cell, text, '`') && std::getline(cell, code, '`')) found.push_back(code);
  }
  return found;
}

// The comments at the ends of lines.
std::string promised(const std::vector<std::string>& code) {
  std::string all;
  for (size_t i = 1; i < code.size(); ++i) {
    std::istringstream lines(code[i]);
    for (std::string line; std::getline(lines, line);) {
      const size_t comment = line.find("  // ");
      if (comment != std::string::npos) all += line.substr(comment + 5) + '\n';
    }
  }
  return all;
}

class ProgramPageTest : public testing::TestWithParam<const char*> {
 protected:
  const std::string name_ = GetParam();
  const std::string english_ = name_ + ".md";
  const std::string chinese_ = name_ + ".zh" + ".md";
};

TEST_P(ProgramPageTest, ItsProgramsPrintWhatThePageSays) {
  const TemporaryFolder folder;  // where they may write
  const CommandResult result =
      run_command("cd '" + folder.path() + "' && " TENON_BINARY_DIR "/" + name_ + "_page");
  ASSERT_EQ(result.status, 0) << result.output;
  const std::string expected = promised(blocks(english_));
  ASSERT_NE(expected, "");
  EXPECT_EQ(result.output, expected);
}

// The first block has comments in the page's language.
TEST_P(ProgramPageTest, TheChinesePageHasTheSamePrograms) {
  std::vector<std::string> english = blocks(english_), chinese = blocks(chinese_);
  ASSERT_FALSE(english.empty());
  ASSERT_FALSE(chinese.empty());
  english.erase(english.begin());
  chinese.erase(chinese.begin());
  EXPECT_EQ(chinese, english);
  ASSERT_FALSE(table_code(english_).empty());
  EXPECT_EQ(table_code(chinese_), table_code(english_));
}

INSTANTIATE_TEST_SUITE_P(Pages, ProgramPageTest,
                         testing::Values("variables", "checkpoints", "models"));

}  // namespace
}  // namespace tenon::test
