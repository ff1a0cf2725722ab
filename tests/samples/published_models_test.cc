// The samples classify and go_on as a user runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "tests/testing/command.h"

namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::HasSubstr;

// TensorFlow 2.21 says frog 10.54 %, bird 10.48 %, deer 10.41 %.
TEST(ClassifyTest, SaysOfAPhotographWhatTensorFlowSays) {
  const CommandResult result = run_command(TENON_BINARY_DIR "/samples/classify 2>&1");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output, "frog        10.5 %\nbird        10.5 %\ndeer        10.4 %\n");
}

TEST(ClassifyTest, SaysWhatItCannotRead) {
  const CommandResult none =
      run_command(TENON_BINARY_DIR "/samples/classify --model /none.pb 2>&1");
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.output, HasSubstr("/none.pb"));
  const CommandResult other =
      run_command(TENON_BINARY_DIR "/samples/classify --model " TENON_SOURCE_DIR
                                   "/samples/data/acrobot/model.ckpt.meta 2>&1");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.output, HasSubstr("it is a MetaGraph"));
}

// Who knows nothing doesn't get up in 500 steps.
TEST(GoOnTest, PlaysAsWellAsItWasTrainedAndGoesOn) {
  const CommandResult result = run_command(TENON_BINARY_DIR "/samples/go_on --games 20 2>&1");
  ASSERT_EQ(result.status, 0) << result.output;
  double before = 0, after = 0;
  ASSERT_EQ(std::sscanf(result.output.c_str(),
                        "as it was published: up after %lf steps\n"
                        "after 20 games more: up after %lf steps\n",
                        &before, &after),
            2)
      << result.output;
  EXPECT_LT(before, 100);
  EXPECT_LT(after, 100);
}

}  // namespace
