// Rules that rename. The names are what Python 3's re.sub makes.
#include "core/saver/rename_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tenon/saver.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

struct RenameRow {
  std::string pattern, replacement, name, renamed;
};

TEST(RenameRulesTest, ReplaceAsPythonDoes) {
  const RenameRow rows[] = {
      {"^new/", "", "new/new/w", "new/w"},
      {"/", "_", "a/b/c", "a_b_c"},
      {"(\\w+)/(\\w+)", "\\2/\\1", "a/b/c", "b/a/c"},
      {"(?P<layer>\\d+)$", "[\\g<layer>]", "conv12", "conv[12]"},
      {"conv(\\d)", "\\g<1>0", "conv1/conv2", "10/20"},
      {"a", "\\g<0>\\\\", "bab", "ba\\b"},
      {"(a)|b", "<\\1>", "ab", "<a><>"},
      {"x*", "-", "abc", "-a-b-c-"},
      {"x*", "-", "", "-"},
      {"\\b", "|", "a/b", "|a|/|b|"},
      {"^", "model/", "w", "model/w"},
      {"$", "_1", "w", "w_1"},
      {"q", "z", "w", "w"},
      {"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "\\10\\1", "abcdefghij", "ja"},
  };
  for (const RenameRow& row : rows) {
    EXPECT_EQ(RenameRule(row.pattern, row.replacement).applied_to(row.name), row.renamed)
        << row.pattern;
  }
}

TEST(RenameRulesTest, TakeGroupsBehindADollarToo) {
  EXPECT_EQ(RenameRule("^layer/(.)$", "old/$1").applied_to("layer/w"), "old/w");
  EXPECT_EQ(RenameRule("b", "[$&]$$1$").applied_to("abc"), "a[b]$1$c");
}

TEST(RenameRulesTest, RefuseWhatSpeaksOfNoGroup) {
  const auto refused = [](const std::string& replacement, const std::string& text) {
    EXPECT_ERROR(RenameRule("(a)", replacement), ValueError, bad_argument, text);
  };
  refused("\\2", "speaks of group 2; there are 1");
  refused("$2", "speaks of group 2; there are 1");
  refused("\\g<b>", "speaks of a group 'b', which there isn't");
  refused("\\g<>", "which there isn't");
  refused("\\gb", "has no <name> behind \\g");
  refused("\\g<1", "has no <name> behind \\g");
  refused("\\q", "a backslash that means nothing");
  refused("\\", "a backslash that means nothing");
  EXPECT_ERROR(RenameRule("(", ""), ValueError, bad_argument, "The pattern '(' is not a regular");
}

TEST(RenameRulesTest, ApplyOneAfterTheOther) {
  EXPECT_THAT(train::renamed({"a/w", "b/w"}, {{"^a/", "b/"}, {"^b/", "c/"}}),
              testing::ElementsAre("c/w", "c/w"));
  EXPECT_THAT(train::renamed({"w"}, {}), testing::ElementsAre("w"));
  EXPECT_THAT(train::renamed({}, {{"a", "b"}}), testing::IsEmpty());
  EXPECT_ERROR(train::renamed({}, {{"(", ""}}), ValueError, bad_argument, "not a regular");
}

}  // namespace
}  // namespace tenon::internal
