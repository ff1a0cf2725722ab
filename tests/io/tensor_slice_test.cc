// Parts of tensors: their keys in TensorFlow's files, and copying what two have in common.
#include "core/io/tensor_slice.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/tensors.h"

namespace tenon::internal {
namespace {

std::string hex(const std::string& bytes) {
  static const char* const kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[c & 15];
  }
  return text;
}

// The keys that TensorFlow 2.21 wrote for these: tests/io/data/slice_keys.py prints them.
TEST(TensorSliceTest, HasTensorFlowsKey) {
  EXPECT_EQ(hex(slice_key("w", {{{0, 1}}})), "0077000101018081");
  EXPECT_EQ(hex(slice_key("w", {{{1, 1}}})), "0077000101018181");
  EXPECT_EQ(hex(slice_key("a/b", {{{63, 1}, {0, 5}}})), "00612f6200010102bf818085");
  EXPECT_EQ(hex(slice_key("a", {{{64, 8191}}})), "006100010101c040dfff");
  EXPECT_EQ(hex(slice_key("a", {{{8192, 1}}})), "006100010101e0200081");
  EXPECT_EQ(hex(slice_key("b", {{{1048575, 1}}})), "006200010101efffff81");
  EXPECT_EQ(hex(slice_key("b", {{{1048576, 2}}})), "006200010101f010000082");
  EXPECT_EQ(hex(slice_key("xxx", {{{2147483648, 3}}})), "0078787800010101f88000000083");
  EXPECT_EQ(hex(slice_key("y", {{{1099511627776, 1}}})), "007900010101fd000000000081");
}

TEST(TensorSliceTest, FitsOnlyIntoTheWhole) {
  const Shape full = {4, 3};
  EXPECT_TRUE((TensorSlice{{{0, 4}, {1, 2}}}).fits(full));
  EXPECT_TRUE((TensorSlice{{{4, 0}, {0, TensorSlice::kToTheEnd}}}).fits(full));
  EXPECT_FALSE((TensorSlice{{{1, 4}, {0, 3}}}).fits(full));
  EXPECT_FALSE((TensorSlice{{{-1, 2}, {0, 3}}}).fits(full));
  EXPECT_FALSE((TensorSlice{{{1, TensorSlice::kToTheEnd}, {0, 3}}}).fits(full));
  EXPECT_FALSE((TensorSlice{{{0, 4}}}).fits(full));
  EXPECT_FALSE((TensorSlice{{{INT64_MAX, INT64_MAX}, {0, 3}}}).fits(full));
}

TEST(TensorSliceTest, KnowsWhetherSlicesCoverTheWholeOnce) {
  const TensorSlice left = {{{0, 4}, {0, 1}}}, right = {{{0, 4}, {1, 2}}};
  const TensorSlice top = {{{0, 1}, {0, 3}}}, corner = {{{0, 4}, {2, 1}}};
  EXPECT_TRUE(cover_once({left, right}, {4, 3}));
  EXPECT_FALSE(cover_once({left}, {4, 3}));
  EXPECT_FALSE(cover_once({left, right, top}, {4, 3}));
  EXPECT_FALSE(cover_once({left, left, corner}, {4, 3}));
  EXPECT_TRUE(cover_once({TensorSlice{}}, {}));
  EXPECT_FALSE(cover_once({}, {}));
  EXPECT_TRUE(cover_once({}, {0, 3}));
}

// Every pair of parts of a small cube, against a loop over the elements.
TEST(TensorSliceTest, CopiesWhatTwoPartsHaveInCommon) {
  std::vector<TensorSlice> slices;
  for (int64_t a = 0; a < 3; ++a) {
    for (int64_t b = a + 1; b <= 3; ++b) {
      slices.push_back({{{a, b - a}, {0, 2}, {1, 3}}});
      slices.push_back({{{0, 3}, {b - 1, 1}, {a, 4 - a}}});
    }
  }
  for (const TensorSlice& from_slice : slices) {
    for (const TensorSlice& to_slice : slices) {
      if (!from_slice.fits({3, 2, 4}) || !to_slice.fits({3, 2, 4})) continue;
      Tensor from(float32, from_slice.shape()), to(float32, to_slice.shape());
      const auto value = [](const TensorSlice& s, int64_t i, int64_t j, int64_t k) {
        return static_cast<float>((s.extents[0].start + i) * 100 + (s.extents[1].start + j) * 10 +
                                  s.extents[2].start + k);
      };
      const auto each = [](const Shape& shape, auto&& visit) {
        int64_t at = 0;
        for (int64_t i = 0; i < shape[0]; ++i) {
          for (int64_t j = 0; j < shape[1]; ++j) {
            for (int64_t k = 0; k < shape[2]; ++k) visit(at++, i, j, k);
          }
        }
      };
      each(from.shape(), [&](int64_t at, int64_t i, int64_t j, int64_t k) {
        from.mutable_data<float>()[at] = value(from_slice, i, j, k);
      });
      for (float& x : to.mutable_data<float>()) x = -1;
      copy_overlap(from, from_slice, to, to_slice);
      each(to.shape(), [&](int64_t at, int64_t i, int64_t j, int64_t k) {
        const int64_t place[3] = {i, j, k};
        bool common = true;
        for (size_t axis = 0; axis < 3; ++axis) {
          const int64_t p = to_slice.extents[axis].start + place[axis];
          const auto [start, length] = from_slice.extents[axis];
          common = common && p >= start && p < start + length;
        }
        ASSERT_EQ(to.data<float>()[at], common ? value(to_slice, i, j, k) : -1)
            << from_slice.to_string() << " to " << to_slice.to_string();
      });
    }
  }
}

TEST(TensorSliceTest, CopiesStrings) {
  const Tensor from({{std::string("a"), std::string("b")}, {std::string("c"), std::string("d")}});
  Tensor to(string, {2, 1});
  copy_overlap(from, TensorSlice::whole({2, 2}), to, {{{0, 2}, {1, 1}}});
  EXPECT_TRUE(test::same_bits(to, Tensor({{std::string("b")}, {std::string("d")}})));
}

}  // namespace
}  // namespace tenon::internal
