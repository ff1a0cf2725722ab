// A part of a tensor: along each axis, where it begins and how long it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// The number of elements of a shape that a file says; nothing where it is no shape of a tensor: not
// fully defined, or more than 64 bits can count on the way.
std::optional<int64_t> count_said(const Shape& shape);

struct TensorSlice {
  static constexpr int64_t kToTheEnd = -1;  // a length: all there is along that axis
  struct Extent {
    int64_t start = 0;
    int64_t length = kToTheEnd;
    bool operator==(const Extent&) const = default;
  };
  std::vector<Extent> extents;

  bool operator==(const TensorSlice&) const = default;

  static TensorSlice whole(const Shape& shape);
  // Whether it is a part of a tensor of that shape.
  bool fits(const Shape& full) const;
  // The same with every length written out. Only of one that fits.
  TensorSlice resolved(const Shape& full) const;
  // The shape of its elements. Only of a resolved one.
  Shape shape() const;
  // "[0:4, 2:3]"
  std::string to_string() const;
};

// The number of elements that both parts, resolved, have in common.
int64_t overlap_count(const TensorSlice& a, const TensorSlice& b);

// Whether the slices, all resolved, cover a tensor of that shape once.
bool cover_once(const std::vector<TensorSlice>& slices, const Shape& full);

// Copies the elements that two parts of one tensor, `from` and `to`, have in common. Both slices
// are resolved.
void copy_overlap(const Tensor& from, const TensorSlice& from_slice, Tensor& to,
                  const TensorSlice& to_slice);

// The key under which TensorFlow stores a slice: it sorts before all names of tensors.
std::string slice_key(std::string_view name, const TensorSlice& slice);

}  // namespace tenon::internal
