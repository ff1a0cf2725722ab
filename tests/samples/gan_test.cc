// The gan sample as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "tests/testing/command.h"

namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::HasSubstr;

CommandResult gan(const std::string& arguments) {
  return run_command(TENON_BINARY_DIR "/samples/gan " + arguments + " 2>&1");
}

std::string page_path(const std::string& name) {
  return testing::TempDir() + "gan_" + name + ".html";
}

TEST(GanTest, LearnsToDrawDigitsThatCanBeRead) {
  const std::string page = page_path("learns");
  const CommandResult result = gan("--steps 1500 --report " + page);
  ASSERT_EQ(result.status, 0) << result.output;
  std::smatch found;
  static const std::regex line("step 1500 .* readable drawings ([0-9.]+) %");
  ASSERT_TRUE(std::regex_search(result.output, found, line)) << result.output;
  EXPECT_GE(std::stod(found[1]), 80) << result.output;  // of guesses, a tenth would be right
  EXPECT_THAT(result.output, HasSubstr("@@"));
  EXPECT_THAT(result.output, HasSubstr("The drawings are in " + page));

  std::ifstream file(page);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  for (const char* part : {"Drawing digits", "Losses", "step 1500", "asked for a 9"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  std::filesystem::remove(page);
}

TEST(GanTest, TrainsEachNetworkByItselfAndKeepsWeightsOnce) {
  const std::string page = page_path("variables");
  const CommandResult result = gan("--steps 1 --report " + page);
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("The discriminator's optimizer trains: discriminator/hidden1/weights "
                        "discriminator/hidden1/biases discriminator/hidden2/weights "
                        "discriminator/hidden2/biases discriminator/real/weights "
                        "discriminator/real/biases\n"));
  EXPECT_THAT(result.output, HasSubstr("The generator's optimizer trains: generator/hidden/weights "
                                       "generator/hidden/biases generator/pixels/weights "
                                       "generator/pixels/biases\n"));
  static const std::regex row(
      "discriminator/hidden1/weights +\\(74, 128\\) +float32 +"
      "/device:[CG]PU:0 +37888 +1\n");
  EXPECT_TRUE(std::regex_search(result.output, row)) << result.output;
  // Two for each of the ten trained (Adam's), its two powers for both optimizers, noise and step.
  EXPECT_THAT(result.output, HasSubstr("10 variables (151812 bytes) and 26 more for training"));
  EXPECT_THAT(result.output, HasSubstr("each exists once."));
  std::filesystem::remove(page);
}

TEST(GanTest, DrawsTheSameFromTheSameSeed) {
  const auto drawings = [](const std::string& seed) {
    const std::string page = page_path("seed");
    const std::string output = gan("--steps 20 --seed " + seed + " --report " + page).output;
    std::filesystem::remove(page);
    return output.substr(std::min(output.size(), output.find("step 1 ")));
  };
  const std::string first = drawings("3");
  EXPECT_THAT(first, HasSubstr("step 20 "));
  EXPECT_EQ(drawings("3"), first);
  EXPECT_NE(drawings("4"), first);
}

TEST(GanTest, RefusesWrongFlagsAndDataThatItCantRead) {
  EXPECT_EQ(gan("--steps 0").status, 2);
  const CommandResult missing = gan("--data /no/such/digits.csv");
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.output, HasSubstr("gan: Can't open the digits, /no/such/digits.csv"));
}

}  // namespace
