// The commands that the README lists: each is there and explains itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "tests/testing/command.h"

namespace tenon::test {
namespace {

const std::string kDev = "'" TENON_SOURCE_DIR "/dev' ";

// The verbs of the README's table of commands.
std::vector<std::string> listed_verbs() {
  static const std::regex row(R"(^\| `\./dev ([a-z-]+))");
  std::vector<std::string> verbs;
  std::ifstream readme(TENON_SOURCE_DIR "/README.md");
  for (std::string line; std::getline(readme, line);) {
    std::smatch match;
    if (std::regex_search(line, match, row)) verbs.push_back(match[1]);
  }
  return verbs;
}

TEST(CommandsTest, EveryVerbOfTheReadmeExplainsItself) {
  const std::vector<std::string> verbs = listed_verbs();
  EXPECT_THAT(verbs, testing::IsSupersetOf({"run", "build", "test"}));
  const std::string overview = run_command(kDev + "--help").output;
  for (const std::string& verb : verbs) {
    const CommandResult help = run_command(kDev + verb + " --help");
    EXPECT_EQ(help.status, 0) << verb;
    EXPECT_THAT(help.output, testing::StartsWith("Usage: ./dev " + verb));
    EXPECT_THAT(overview, testing::HasSubstr("\n  " + verb + " "));
  }
}

TEST(CommandsTest, AnUnknownVerbFailsAndSaysWhatThereIs) {
  const CommandResult result = run_command(kDev + "frobnicate 2>&1");
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.output, testing::HasSubstr("Usage: ./dev VERB"));
  EXPECT_THAT(result.output, testing::HasSubstr("there is no verb frobnicate"));
}

TEST(CommandsTest, AnUnknownSampleFailsAndListsTheSamples) {
  const CommandResult result = run_command(kDev + "run no_such_sample 2>&1");
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.output, testing::HasSubstr("there is no sample no_such_sample"));
}

}  // namespace
}  // namespace tenon::test
