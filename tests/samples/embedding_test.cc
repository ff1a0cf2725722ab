// The embedding sample as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "tests/testing/command.h"

namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::HasSubstr;

CommandResult embedding(const std::string& arguments) {
  return run_command(TENON_BINARY_DIR "/samples/embedding " + arguments + " 2>&1");
}

TEST(EmbeddingTest, LearnsWhichWordsStandTogether) {
  const CommandResult result = embedding("--steps 3000");
  ASSERT_EQ(result.status, 0) << result.output;
  std::smatch first, last;
  ASSERT_TRUE(std::regex_search(result.output, first, std::regex("step 500: loss ([0-9.]+)")));
  ASSERT_TRUE(std::regex_search(result.output, last, std::regex("step 3000: loss ([0-9.]+)")));
  EXPECT_LT(std::stod(last[1]), std::stod(first[1])) << result.output;
  EXPECT_TRUE(std::regex_search(result.output, std::regex("\nscope:( [a-z_]+){5}\n")))
      << result.output;
}

TEST(EmbeddingTest, RefusesWordsThatTheTextLacks) {
  const CommandResult result = embedding("--steps 1 --words scope,zebra");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("the text doesn't have 'zebra'"));
  EXPECT_THAT(embedding("--text /nowhere.txt").output, HasSubstr("can't read /nowhere.txt"));
}

}  // namespace
