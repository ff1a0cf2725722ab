// The autoencoder sample as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "tests/testing/command.h"

namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::HasSubstr;

CommandResult autoencoder(const std::string& arguments) {
  return run_command(TENON_BINARY_DIR "/samples/autoencoder " + arguments + " 2>&1");
}

TEST(AutoencoderTest, DrawsWhatItHasSeenFromAFewNumbers) {
  const CommandResult result = autoencoder("--steps 600");
  ASSERT_EQ(result.status, 0) << result.output;
  std::smatch error, mean;
  ASSERT_TRUE(std::regex_search(result.output, error, std::regex("step 600: .*error ([0-9.]+)")));
  ASSERT_TRUE(std::regex_search(result.output, mean, std::regex("mean image: ([0-9.]+)")));
  EXPECT_LT(std::stod(error[1]), std::stod(mean[1]) / 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("model/encoder/norm/moving_mean (16,), not trained"));
  EXPECT_THAT(result.output, HasSubstr("Drawn from 8 numbers each:"));
}

TEST(AutoencoderTest, RefusesAFileThatIsNotThere) {
  const CommandResult result = autoencoder("--data /nowhere.csv");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("/nowhere.csv"));
}

}  // namespace
