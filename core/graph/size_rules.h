// Sizes that are worked out and sizes that a program gives: what 64 bits can't hold is an error.
#pragma once

#include <algorithm>
#include <span>

#include "tenon/shape.h"

namespace tenon::internal {

// Two known sizes added, subtracted, multiplied. Throw ValueError (shape_incompatible).
int64_t add_sizes(int64_t a, int64_t b);
int64_t subtract_sizes(int64_t a, int64_t b);
int64_t multiply_sizes(int64_t a, int64_t b);

// That no size is negative (but for kUnknown) and that 64 bits can count the elements; throws
// ValueError (shape_incompatible).
void check_sizes(const Shape& shape);
inline bool has_negative_size(const Shape& shape) {
  const std::span<const int64_t> sizes = shape.sizes();
  return std::any_of(sizes.begin(), sizes.end(), [](int64_t size) { return size < kUnknown; });
}

}  // namespace tenon::internal
