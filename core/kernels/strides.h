// How far apart, in elements, neighbours along each axis of a tensor lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tenon/shape.h"

namespace tenon::internal {

// Of a tensor of this shape that lies row-major.
inline std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()));
  int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// Of such a tensor as it is read where it is broadcast to a shape that it fits.
inline std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to) {
  std::vector<int64_t> strides = row_major_strides(from);
  for (int axis = 0; axis < from.rank(); ++axis) {
    if (from[axis] == 1) strides[static_cast<size_t>(axis)] = 0;
  }
  strides.insert(strides.begin(), static_cast<size_t>(to.rank() - from.rank()), 0);
  return strides;
}

}  // namespace tenon::internal
