// The char_rnn sample as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/command.h"

namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::HasSubstr;

CommandResult char_rnn(const std::string& arguments) {
  return run_command(TENON_BINARY_DIR "/samples/char_rnn " + arguments + " 2>&1");
}

TEST(CharRnnTest, LearnsTheTextByHeart) {
  const CommandResult result = char_rnn("--steps 400 --length 80");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("rnn/basic_lstm_cell/kernel"));
  EXPECT_THAT(
      result.output,
      HasSubstr("He took his vorpal sword in hand:\nLong time the manxome foe he sought--"));
}

TEST(CharRnnTest, RefusesABeginningOfOtherLetters) {
  const CommandResult result = char_rnn("--steps 1 --beginning 12345");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.output, HasSubstr("lacks letters of the beginning"));
  EXPECT_EQ(char_rnn("--text /nowhere.txt").status, 1);
}

}  // namespace
