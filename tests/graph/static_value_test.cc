// Sizes that are worked out while a graph is built: each number once, however often it is used.
#include <gtest/gtest.h>

#include "tenon/tenon.h"

namespace tenon::test {
namespace {

class StaticValueTest : public ::testing::Test {
 protected:
  // The i-th of two sizes, as a scalar.
  static Output size_at(const Output& sizes, int64_t i) {
    return strided_slice(sizes, {i}, {i + 1}, {.shrink_axis_mask = 1});
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
};

// Followed back without memory the first takes 2^50 steps, the second 4^25.
TEST_F(StaticValueTest, ANumberThatIsUsedTwiceIsWorkedOutOnce) {
  Output size = constant(3);
  for (int i = 0; i < 25; ++i) size = size + size - 3;
  EXPECT_EQ(fill({Input(size)}, 1.0f).shape(), Shape{3});
}

TEST_F(StaticValueTest, SizesThatAreSwappedAreWorkedOutOnce) {
  Output sizes = shape(placeholder(float32, {-1, 4}));
  for (int i = 0; i < 25; ++i) sizes = stack({size_at(sizes, 1), size_at(sizes, 0)});
  EXPECT_EQ(fill(sizes, 1.0f).shape().rank(), 2);
  Output known = constant({2, 5});
  for (int i = 0; i < 13; ++i) known = stack({size_at(known, 1), size_at(known, 0)});
  EXPECT_EQ(fill(known, 1.0f).shape(), (Shape{5, 2}));
}

// A way back that is too long is given up; a shorter one to the same number isn't.
TEST_F(StaticValueTest, TheShorterOfTwoWaysBackCounts) {
  const Output size = constant(2) * 2;
  Output far = size;
  for (int i = 0; i < 100; ++i) far = far + 0;
  const Output sizes = stack({far, size});
  EXPECT_EQ(fill(sizes, 1.0f).shape()[1], 4);
}

// What is learnt of a shape later counts for questions asked later.
TEST_F(StaticValueTest, AnswersAreNotKeptBeyondTheirQuestion) {
  const Output x = placeholder(float32, {-1, 4}), sizes = shape(x);
  EXPECT_EQ(fill(sizes, 1.0f).shape(), (Shape{-1, 4}));
  x.set_shape({7, 4});
  EXPECT_EQ(fill(sizes, 1.0f).shape(), (Shape{7, 4}));
}

}  // namespace
}  // namespace tenon::test
