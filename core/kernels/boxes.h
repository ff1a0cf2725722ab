// Boxes [y1, x1, y2, x2], whose corners may be given in any order.
#pragma once

#include "core/kernels/host_device.h"

namespace tenon::internal {

struct BoxEdges {
  float top, left, bottom, right;

  TENON_HOST_DEVICE explicit BoxEdges(const float* box)
      : top(box[0] < box[2] ? box[0] : box[2]),
        left(box[1] < box[3] ? box[1] : box[3]),
        bottom(box[0] < box[2] ? box[2] : box[0]),
        right(box[1] < box[3] ? box[3] : box[1]) {}
  TENON_HOST_DEVICE float area() const { return (bottom - top) * (right - left); }
};

// How much two boxes share of what they cover together.
TENON_HOST_DEVICE inline float shared_part(const float* one, const float* other) {
  const BoxEdges a(one), b(other);
  if (a.area() <= 0 || b.area() <= 0) return 0;
  const float top = a.top > b.top ? a.top : b.top, left = a.left > b.left ? a.left : b.left;
  const float bottom = a.bottom < b.bottom ? a.bottom : b.bottom;
  const float right = a.right < b.right ? a.right : b.right;
  const float height = bottom - top, width = right - left;
  const float shared = (height > 0 ? height : 0) * (width > 0 ? width : 0);
  return shared / (a.area() + b.area() - shared);
}

// Whether that is more than so much.
TENON_HOST_DEVICE inline bool overlap(const float* one, const float* other, float most) {
  return shared_part(one, other) > most;
}

}  // namespace tenon::internal
