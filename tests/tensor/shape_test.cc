#include "tenon/shape.h"

#include <gtest/gtest.h>

#include "tests/testing/errors.h"

namespace tenon {
namespace {

TEST(ShapeTest, CountsElements) {
  EXPECT_EQ(Shape({}).element_count(), 1);
  EXPECT_EQ(Shape({2, 3}).element_count(), 6);
  EXPECT_EQ(Shape({2, 0}).element_count(), 0);
}

TEST(ShapeTest, RefusesToCountWhatIsUnknownOrTooLarge) {
  EXPECT_ERROR(Shape({-1, 2}).element_count(), ValueError, no_shape, "(?, 2)");
  EXPECT_ERROR(Shape({int64_t{1} << 62, 4}).element_count(), ValueError, bad_argument, "64 bits");
}

TEST(ShapeTest, IsCompatibleWhereSizesAgreeOrAreUnknown) {
  EXPECT_TRUE(Shape({-1, 2}).compatible_with({3, 2}));
  EXPECT_TRUE(Shape::unknown().compatible_with({3, 2}));
  EXPECT_FALSE(Shape({3}).compatible_with({3, 1}));
  EXPECT_FALSE(Shape({3}).compatible_with({4}));
}

TEST(ShapeTest, MergesWhatBothKnow) {
  EXPECT_EQ(Shape({-1, 2}).merged_with({3, -1}), Shape({3, 2}));
  EXPECT_EQ(Shape::unknown().merged_with({3}), Shape({3}));
  EXPECT_ERROR(Shape({3}).merged_with({4}), ValueError, shape_incompatible,
               "Shapes (3,) and (4,) are not compatible");
}

TEST(ShapeTest, PrintsAsTensorFlowDoes) {
  EXPECT_EQ(Shape({}).to_string(), "()");
  EXPECT_EQ(Shape({2}).to_string(), "(2,)");
  EXPECT_EQ(Shape({-1, 10}).to_string(), "(?, 10)");
  EXPECT_EQ(Shape::unknown().to_string(), "<unknown>");
}

TEST(ShapeTest, CountsDimensionsFromTheEnd) {
  EXPECT_EQ(Shape({2, 3, 4})[-1], 4);
  EXPECT_EQ(Shape({2, 3, 4})[0], 2);
}

}  // namespace
}  // namespace tenon
