// The dcgan sample as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>

#include "tests/testing/command.h"

namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::HasSubstr;

CommandResult dcgan(const std::string& arguments) {
  return run_command(TENON_BINARY_DIR "/samples/dcgan " + arguments + " 2>&1");
}

TEST(DcganTest, LearnsToDrawDigitsThatCanBeRead) {
  const std::string page = testing::TempDir() + "dcgan_learns.html";
  const CommandResult result = dcgan("--steps 400 --report " + page);
  ASSERT_EQ(result.status, 0) << result.output;
  std::smatch found;
  static const std::regex line("step 400 .* readable drawings ([0-9.]+) %");
  ASSERT_TRUE(std::regex_search(result.output, found, line)) << result.output;
  EXPECT_GE(std::stod(found[1]), 40) << result.output;  // of guesses, a tenth would be right
  EXPECT_THAT(result.output, HasSubstr("generator/conv1/kernel (3, 3, 32, 64)"));
  EXPECT_THAT(result.output, HasSubstr("@@"));
  EXPECT_TRUE(std::filesystem::exists(page));
  std::filesystem::remove(page);
}

TEST(DcganTest, RefusesAFileThatIsNotThere) {
  const CommandResult result = dcgan("--data /nowhere.csv");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("/nowhere.csv"));
}

}  // namespace
