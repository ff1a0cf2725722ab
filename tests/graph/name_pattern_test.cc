// Expressions that names are matched with. What they match and where is what Python 3's re says of
// them, with re.ASCII.
#include "core/graph/name_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

struct PatternRow {
  std::string_view pattern;
  std::vector<std::string> matched, others;  // at the start
};

const std::vector<PatternRow> kPatterns = {
    {"w", {"w", "w/Adam"}, {"", "a/w", "W"}},
    {"", {"", "w"}, {}},
    {"a.*/w$", {"a/w", "ab/c/w"}, {"a/w_1", "b/w"}},
    {"(a|b)/w", {"a/w", "b/w:0"}, {"c/w"}},
    {"^a", {"a", "ab"}, {"ba"}},
    {"b|^a", {"b", "a"}, {"ca"}},
    {"(?:a|ab)c", {"ac", "abc"}, {"bc"}},
    {"[^]a]", {"b"}, {"]", "a", ""}},
    {"[]a]", {"]", "a"}, {"b"}},
    {"[[:alpha:]]", {"a]", ":]", "[]"}, {"a", "b]"}},
    {"[a\\-c]", {"a", "-", "c"}, {"b"}},
    {"\\w+/\\d", {"ab_1/2"}, {"a-b/2", "ab/x", "\u00e9/1"}},
    {"a\\sb",
     {"a b", "a\tb", "a\vb", "a\fb"},
     {"a\x1c"
      "b",
      "a_b"}},
    {"a\\Sb",
     {"a_b",
      "a\x1c"
      "b"},
     {"a b", "a\vb"}},
    {"a[\\s_]b", {"a\vb", "a_b"}, {"a-b"}},
    {"a[\\S ]b", {"a_b", "a b", "a\u00e9b"}, {"a\vb", "a\tb"}},
    {"a\\b", {"a/b", "a"}, {"ab", "a_"}},
    {"a\\B", {"ab"}, {"a/b", "a"}},
    {"[\\b]", {"\b"}, {"b"}},
    {"a\\Z", {"a"}, {"a\n", "ab"}},
    {"a$", {"a", "a\n"}, {"ab", "a\n\n", "a\nb"}},
    {"(?m)a$", {"a", "a\nb", "a\n"}, {"ab"}},
    {"\\Aa", {"a"}, {"ba"}},
    {"a.b", {"a/b", "a\u00e9b"}, {"a\nb"}},
    {"(?s)a.b", {"a\nb"}, {"ab"}},
    {"(?i)W", {"w", "W"}, {"v"}},
    {"(?i:a)b", {"Ab", "ab"}, {"aB"}},
    {"(?i)(?-i:a)b", {"aB", "ab"}, {"AB"}},
    {"(?a)(?u)w", {"w"}, {"W"}},
    {"(?P<layer>a|b)/w", {"a/w", "b/w"}, {"c/w"}},
    {"a(?# a word )b", {"ab"}, {"a"}},
    {"a{2}b", {"aab"}, {"ab", "a{2}b"}},
    {"a{,2}b", {"b", "ab", "aab"}, {"aaab", "a{,2}b"}},
    {"a{,}b", {"b", "aaaab"}, {"a{,}b"}},
    {"a{02,003}b", {"aab", "aaab"}, {"ab", "aaaab"}},
    {"a{2,}b", {"aab", "aaaab"}, {"ab"}},
    {"a{}b", {"a{}b"}, {"ab", "b"}},
    {"a{x}", {"a{x}"}, {"ax"}},
    {"a{1", {"a{1"}, {"a"}},
    {"^{", {"{"}, {""}},
    {"}", {"}"}, {"{"}},
    {"a+?b", {"ab", "aab"}, {"b"}},
    {"\\a\\f\\t", {"\a\f\t"}, {"aft"}},
    {"\\x41\\u0042\\U00000043", {"ABC"}, {"abc"}},
    {"\\101\\060\\07", {"A0\a"}, {"101"}},
    {"[\\101-\\103]", {"A", "C"}, {"D", "1"}},
    {"\\_\\-\\/\\\u00e9", {"_-/\u00e9"}, {"_-/e"}},
    {"a\\.b", {"a.b"}, {"a/b"}},
    {"\u00e9.", {"\u00e9\u00e9"}, {"\u00e9"}},
    {"(|a)+b", {"b", "aab"}, {"c"}},
};

TEST(NamePatternTest, MatchesAtTheStartWhatPythonDoes) {
  for (const PatternRow& row : kPatterns) {
    const NamePattern pattern("The scope", row.pattern);
    for (const std::string& name : row.matched) {
      EXPECT_TRUE(pattern.matches_start_of(name)) << row.pattern << " on " << name;
    }
    for (const std::string& name : row.others) {
      EXPECT_FALSE(pattern.matches_start_of(name)) << row.pattern << " on " << name;
    }
  }
}

struct RefusedRow {
  std::string_view pattern, why;
};

TEST(NamePatternTest, RefusesByNameWhatTakesMoreThanOnePass) {
  const RefusedRow rows[] = {
      {"a(?=b)", "look-ahead is not supported, at position 1"},
      {"a(?!b)", "look-ahead"},
      {"(?<=a)b", "look-behind"},
      {"(?<!a)b", "look-behind"},
      {"(a)\\1", "back-references are not supported, at position 3"},
      {"(?P<n>a)(?P=n)", "back-references"},
      {"(a)?(?(1)b|c)", "conditionals"},
      {"(?>a)", "atomic groups"},
      {"a{1001}", "repeats beyond 1000"},
      {"a{,99999999999}", "repeats beyond 1000"},
      {"(?x) a", "verbose expressions"},
  };
  for (const RefusedRow& row : rows) {
    EXPECT_ERROR(NamePattern("The scope", row.pattern), ValueError, bad_argument,
                 std::string(row.why));
  }
  EXPECT_TRUE(NamePattern("The scope", "a{0001000}").matches_start_of(std::string(1000, 'a')));
}

TEST(NamePatternTest, RefusesWhatPythonRefuses) {
  for (const std::string_view pattern :
       {"(",       ")",       "[a",     "[]",      "*",       "a**",      "a*{2}",
        "^*",      "$+",      "\\b?",   "\\A{2}",  "\\Z*",    "a{2,1}",   "\\",
        "\\q",     "\\Q.\\E", "\\pL",   "\\C",     "\\z",     "[\\A]",    "\\x4",
        "\\x{41}", "\\u12",   "\\777",  "[b-a]",   "[a-\\d]", "(?P<1>a)", "(?<n>a)",
        "(?",      "(?i",     "(?-i)a", "(?i-:a)", "a(?i)b",  "(?q)a",    "(?#a"}) {
    EXPECT_ERROR(NamePattern("The scope", pattern), ValueError, bad_argument,
                 "The scope '" + std::string(pattern) + "' is not a regular expression");
  }
}

TEST(NamePatternTest, TakesTimeInProportionToTheName) {
  const NamePattern pattern("The scope", "(a*)*(a|aa)+$");
  const std::string name(100000, 'a');
  EXPECT_TRUE(pattern.matches_start_of(name));
  EXPECT_FALSE(pattern.matches_start_of(name + "b"));
}

TEST(NamePatternTest, FindsItsGroups) {
  const NamePattern pattern("The pattern", "(?P<one>a)|(b)(c)?");
  EXPECT_EQ(pattern.group_count(), 3);
  EXPECT_EQ(pattern.group_named("one"), 1);
  EXPECT_EQ(pattern.group_named("two"), -1);
  const std::string name = "xbxa";
  EXPECT_THAT(pattern.find(name, 0), testing::ElementsAre("b", "", "b", ""));
  EXPECT_THAT(pattern.find(name, 2), testing::ElementsAre("a", "a", "", ""));
  EXPECT_THAT(pattern.find(name, 4), testing::IsEmpty());
}

}  // namespace
}  // namespace tenon::internal
