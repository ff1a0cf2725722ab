#include "core/graph/name_table.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace tenon::internal {
namespace {

TEST(NameTableTest, FindsWhatWasMadeWhateverTheCase) {
  NameTable names;
  EXPECT_EQ(names.find("w"), nullptr);
  NameEntry& entry = names.at("Model/W");
  EXPECT_EQ(entry.folded, "model/w");
  EXPECT_EQ(entry.askings, 0);
  EXPECT_EQ(names.find("model/w"), &entry);
  EXPECT_EQ(names.find("MODEL/W"), &entry);
  EXPECT_EQ(&names.at("mODEL/w"), &entry);
  EXPECT_EQ(names.find("model/w_1"), nullptr);
  EXPECT_EQ(names.find("model"), nullptr);
}

TEST(NameTableTest, TakesScopeAndNameForOneName) {
  NameTable names;
  NameEntry& entry = names.at("a/b", "c");
  EXPECT_EQ(entry.folded, "a/b/c");
  EXPECT_EQ(&names.at("a", "b/c"), &entry);
  EXPECT_EQ(&names.at("", "a/b/c"), &entry);
  EXPECT_NE(&names.at("", "c"), &entry);
}

TEST(NameTableTest, FoldsOnlyLetters) {
  NameTable names;
  EXPECT_NE(&names.at("a@b"), &names.at("a`b"));  // as '@' would be, folded like a letter
  EXPECT_NE(&names.at("a[b"), &names.at("a{b"));
  EXPECT_EQ(names.at("\xC3\x84").folded, "\xC3\x84");
}

TEST(NameTableTest, KeepsTheEmptyNameAndLongOnes) {
  NameTable names;
  NameEntry& empty = names.at("");
  NameEntry& long_one = names.at(std::string(100000, 'X'));
  EXPECT_EQ(empty.folded, "");
  EXPECT_EQ(names.find(""), &empty);
  EXPECT_EQ(names.find(std::string(100000, 'x')), &long_one);
}

TEST(NameTableTest, EntriesStayWhereTheyAreWhileItGrows) {
  NameTable names;
  std::set<NameEntry*> entries;
  for (int i = 0; i < 10000; ++i) {
    NameEntry& entry = names.at("scope", "v" + std::to_string(i));
    entry.askings = i;
    entries.insert(&entry);
  }
  EXPECT_EQ(entries.size(), 10000u);
  for (int i = 0; i < 10000; ++i) {
    NameEntry* entry = names.find("SCOPE/V" + std::to_string(i));
    ASSERT_TRUE(entries.contains(entry));
    EXPECT_EQ(entry->askings, i);
  }
}

}  // namespace
}  // namespace tenon::internal
