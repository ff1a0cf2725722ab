// What must not compile, since it would mean something else than it says; and what beside it must.
#include <gtest/gtest.h>

#include <iterator>
#include <span>
#include <utility>

#include "tenon/tenon.h"

namespace tenon::test {
namespace {

// A requirement on a type that depends, so that what doesn't compile is an answer and no error.
#define COMPILES(expression)                                         \
  ([]<typename X, typename T, typename S>(X, T, const S*) {          \
    return requires(X x, T tensor, const S& sparse) { expression; }; \
  }(Output(), Tensor(), static_cast<const SparseTensor*>(nullptr)))
// The commas of lists in braces are the macro's too.
#define LIST(...) \
  { __VA_ARGS__ }

// Braces without names were taken for the options' members in their order.
TEST(NoCompileTest, ListsInBracesWithoutANameAreNoOptions) {
  EXPECT_FALSE(COMPILES(reduce_sum(x, LIST(0, 1))));
  EXPECT_FALSE(COMPILES(reduce_mean(x, LIST(0))));
  EXPECT_FALSE(COMPILES(reduce_max(x, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(reduce_all(x, LIST(0, 1))));
  EXPECT_FALSE(COMPILES(transpose(x, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(squeeze(x, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(cumsum(x, LIST(1, 1))));
  EXPECT_FALSE(COMPILES(cumprod(x, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(stack(LIST(x, x), LIST(1, 0))));
  EXPECT_FALSE(COMPILES(unstack(x, LIST(2))));
  EXPECT_FALSE(COMPILES(split(x, 2, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(gather(x, 0, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(boolean_mask(x, x, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(clip_by_norm(x, 1.0f, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(nn::softmax(x, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(nn::log_softmax(x, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(nn::moments(x, LIST(0), LIST(1, 0))));
  EXPECT_FALSE(COMPILES(matmul(x, x, LIST(1, 0, 0))));
  EXPECT_FALSE(COMPILES(qr(x, LIST(1, 0))));
  EXPECT_FALSE(COMPILES(sparse_reduce_sum(sparse, LIST(0, 1))));
  EXPECT_FALSE(COMPILES(sparse_transpose(sparse, LIST(1, 0))));
}

TEST(NoCompileTest, NamedListsAndSingleAxesAre) {
  EXPECT_TRUE(COMPILES(reduce_sum(x, LIST(.axis = LIST(0, 1), .keepdims = true))));
  EXPECT_TRUE(COMPILES(reduce_sum(x, LIST(.axis = 0))));
  EXPECT_TRUE(COMPILES(reduce_sum(x, 0)));
  EXPECT_TRUE(COMPILES(transpose(x, LIST(.perm = LIST(1, 0)))));
  EXPECT_TRUE(COMPILES(squeeze(x, LIST(.axis = LIST(1, 0)))));
  EXPECT_TRUE(COMPILES(sparse_reduce_sum(sparse, 1)));
  EXPECT_TRUE(COMPILES(sparse_transpose(sparse, LIST(.perm = LIST(1, 0)))));
  EXPECT_TRUE(COMPILES(cumsum(x, LIST(1))));
  EXPECT_TRUE(COMPILES(nn::softmax(x, LIST(1))));
  EXPECT_TRUE(COMPILES(nn::moments(x, LIST(0, 1), LIST(.keepdims = true))));
}

TEST(NoCompileTest, AListOfOneSizeSplitsIntoOnePart) {
  const Graph graph;
  auto as_default = graph.as_default();
  EXPECT_EQ(split(zeros({2}), {2}).size(), 1u);
  EXPECT_EQ(split(zeros({2}), 2).size(), 2u);
}

// Elements of a tensor that is gone when they are looked at.
TEST(NoCompileTest, ElementsOfATemporaryCantBeGoneOver) {
  EXPECT_FALSE(COMPILES(std::begin(std::move(tensor).template data<float>())));
  EXPECT_FALSE(COMPILES(std::move(tensor).template data<float>().begin()));
  EXPECT_FALSE(COMPILES(std::span<const float>(std::move(tensor).template data<float>())));
  EXPECT_FALSE(COMPILES(std::move(tensor).template mutable_data<float>()));
  EXPECT_TRUE(COMPILES(std::begin(tensor.template data<float>())));
  EXPECT_TRUE(COMPILES(tensor.template mutable_data<float>()));
}

TEST(NoCompileTest, SingleElementsOfATemporaryCanBeHad) {
  EXPECT_EQ(Tensor({1.0f, 2.0f}).data<float>()[1], 2.0f);
  const auto kept = Tensor({1.0f, 2.0f}).data<float>();
  EXPECT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0], 1.0f);
  EXPECT_THROW(Tensor({1.0f}).data<int32_t>(), TypeError);
}

}  // namespace
}  // namespace tenon::test
