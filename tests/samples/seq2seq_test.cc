// The seq2seq sample as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "tests/testing/command.h"

namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::HasSubstr;

CommandResult seq2seq(const std::string& arguments) {
  return run_command(TENON_BINARY_DIR "/samples/seq2seq " + arguments + " 2>&1");
}

TEST(Seq2seqTest, WritesNewSequencesBackwards) {
  const CommandResult result = seq2seq("--steps 400 --tests 100");
  ASSERT_EQ(result.status, 0) << result.output;
  std::smatch right;
  ASSERT_TRUE(std::regex_search(result.output, right, std::regex("Right: ([0-9]+) of 100")));
  EXPECT_GE(std::stoi(right[1]), 60) << result.output;
  // The loop ends when the longest is written: six digits and the end mark.
  EXPECT_THAT(result.output, HasSubstr("written in 7 rounds of the loop"));
}

TEST(Seq2seqTest, RefusesFlagsThatItDoesntHave) {
  EXPECT_EQ(seq2seq("--steps 0").status, 2);
  EXPECT_EQ(seq2seq("--words 3").status, 2);
}

}  // namespace
