#include "tenon/inline_vector.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tenon::internal {
namespace {

using Strings = InlineVector<std::string, 2>;

// Longer than what a string has room for itself, so that a copy that isn't one is found.
std::string word(size_t i) { return "a word of more than fifteen letters: " + std::to_string(i); }

Strings words(size_t count) {
  Strings list;
  for (size_t i = 0; i < count; ++i) list.push_back(word(i));
  return list;
}

void expect_words(const Strings& list, size_t count) {
  ASSERT_EQ(list.size(), count);
  EXPECT_EQ(list.empty(), count == 0);
  for (size_t i = 0; i < count; ++i) EXPECT_EQ(list[i], word(i));
}

bool lies_inside(const Strings& list) {
  const auto* from = reinterpret_cast<const char*>(&list);
  const auto* at = reinterpret_cast<const char*>(list.data());
  return at >= from && at < from + sizeof list;
}

// Of none, some, as many as there is room for, one more, and many.
class InlineVectorTest : public testing::TestWithParam<size_t> {};

TEST_P(InlineVectorTest, KeepsWhatIsAdded) {
  const Strings list = words(GetParam());
  expect_words(list, GetParam());
  EXPECT_EQ(lies_inside(list), GetParam() <= 2);
  EXPECT_EQ(std::vector<std::string>(list.begin(), list.end()).size(), GetParam());
}

TEST_P(InlineVectorTest, IsCopied) {
  const Strings list = words(GetParam());
  Strings copy = list;
  expect_words(copy, GetParam());
  EXPECT_EQ(copy, list);
  copy.emplace_back("more");
  expect_words(list, GetParam());
  EXPECT_FALSE(copy == list);
  copy = list;
  expect_words(copy, GetParam());
}

TEST_P(InlineVectorTest, IsMovedAndLeftEmpty) {
  Strings list = words(GetParam());
  Strings moved = std::move(list);
  expect_words(moved, GetParam());
  EXPECT_TRUE(list.empty());  // NOLINT(bugprone-use-after-move): that it is as new is what we test
  list.push_back(word(0));
  expect_words(list, 1);
  list = std::move(moved);
  expect_words(list, GetParam());
}

TEST_P(InlineVectorTest, IsAssignedToItself) {
  Strings list = words(GetParam());
  const Strings& same = list;
  list = same;
  expect_words(list, GetParam());
}

TEST_P(InlineVectorTest, IsEmptied) {
  Strings list = words(GetParam());
  list.clear();
  EXPECT_TRUE(list.empty());
  list.push_back(word(0));
  expect_words(list, 1);
}

INSTANTIATE_TEST_SUITE_P(Counts, InlineVectorTest, testing::Values(0, 1, 2, 3, 20));

TEST(InlineVectorTest, AddsAnItemOfItsOwnWhileItGrows) {
  Strings list = words(2);
  list.push_back(list[0]);
  EXPECT_EQ(list[0], word(0));
  EXPECT_EQ(list[2], word(0));
}

TEST(InlineVectorTest, TakesItemsFromTheEnd) {
  Strings list = words(3);
  list.pop_back();
  expect_words(list, 2);
  EXPECT_EQ(list.back(), word(1));
  EXPECT_EQ(list.front(), word(0));
}

TEST(InlineVectorTest, RepeatsAnItem) {
  const InlineVector<int, 4> list(6, 7);
  EXPECT_EQ(list, (InlineVector<int, 4>{7, 7, 7, 7, 7, 7}));
}

TEST(InlineVectorTest, DestroysEachItemOnce) {
  const auto shared = std::make_shared<int>(0);
  {
    InlineVector<std::shared_ptr<int>, 2> list(5, shared);
    EXPECT_EQ(shared.use_count(), 6);
    list.pop_back();
    auto moved = std::move(list);
    EXPECT_EQ(shared.use_count(), 5);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

}  // namespace
}  // namespace tenon::internal
