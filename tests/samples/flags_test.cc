#include "support/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct Parsed {
  int64_t epochs = 30;
  std::string report = "page.html";
  bool goes_on = false;
  int status = 0;
  std::string out, errors;
};

Parsed parse(std::vector<const char*> arguments) {
  Parsed parsed;
  samples::Flags flags("digits", "Reads digits.");
  flags.add("--epochs", parsed.epochs, "how often", 1);
  flags.add("--report", parsed.report, "where");
  arguments.insert(arguments.begin(), "digits");
  std::ostringstream out, errors;
  parsed.goes_on = flags.parse(static_cast<int>(arguments.size()), arguments.data(), out, errors);
  parsed.status = flags.exit_status();
  parsed.out = out.str();
  parsed.errors = errors.str();
  return parsed;
}

TEST(FlagsTest, LeaveDefaultsAsTheyAre) {
  const Parsed parsed = parse({});
  EXPECT_TRUE(parsed.goes_on);
  EXPECT_EQ(parsed.epochs, 30);
  EXPECT_EQ(parsed.report, "page.html");
}

TEST(FlagsTest, TakeValuesAfterASpaceOrAnEqualsSign) {
  const Parsed parsed = parse({"--epochs", "3", "--report=a=b.html"});
  EXPECT_TRUE(parsed.goes_on);
  EXPECT_EQ(parsed.epochs, 3);
  EXPECT_EQ(parsed.report, "a=b.html");
}

TEST(FlagsTest, HelpListsAllWithTheirDefaultsAndEndsWell) {
  const Parsed parsed = parse({"--epochs", "3", "--help"});
  EXPECT_FALSE(parsed.goes_on);
  EXPECT_EQ(parsed.status, 0);
  EXPECT_THAT(parsed.out, HasSubstr("Reads digits."));
  EXPECT_THAT(parsed.out, HasSubstr("--epochs N"));
  EXPECT_THAT(parsed.out, HasSubstr("how often (30)"));
  EXPECT_THAT(parsed.out, HasSubstr("where (page.html)"));
  EXPECT_THAT(parsed.errors, IsEmpty());
}

TEST(FlagsTest, RefuseWhatIsNoFlag) {
  for (const char* wrong : {"--epoch", "--epochs3", "30", "-e"}) {
    const Parsed parsed = parse({wrong});
    EXPECT_FALSE(parsed.goes_on) << wrong;
    EXPECT_EQ(parsed.status, 2);
    EXPECT_THAT(parsed.errors, HasSubstr("there is no flag \"" + std::string(wrong) + "\""));
    EXPECT_THAT(parsed.errors, HasSubstr("digits --help"));
    EXPECT_THAT(parsed.out, IsEmpty());
  }
}

TEST(FlagsTest, RefuseNumbersThatAreNone) {
  for (const char* wrong : {"", "x", "3x", "3.5", "0", "-1", "99999999999999999999"}) {
    const Parsed parsed = parse({"--epochs", wrong});
    EXPECT_FALSE(parsed.goes_on) << wrong;
    EXPECT_EQ(parsed.status, 2);
    EXPECT_THAT(parsed.errors, HasSubstr("--epochs wants a whole number, 1 or more, not \"" +
                                         std::string(wrong) + "\""));
  }
}

TEST(FlagsTest, RefuseAFlagWithoutItsValue) {
  EXPECT_THAT(parse({"--epochs"}).errors, HasSubstr("--epochs wants a value after it"));
  EXPECT_THAT(parse({"--report="}).errors, HasSubstr("--report wants a value"));
}

}  // namespace
