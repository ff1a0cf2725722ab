// What kernels of segments read from their requests, and what a segment without rows is.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/base/check.h"
#include "core/kernels/host_device.h"
#include "core/kernels/kernel_arguments.h"
#include "core/kernels/scalar_ops.h"

namespace tenon::internal {

struct SegmentSizes {
  int64_t rows;      // of data, one for each id
  int64_t inner;     // elements of a row
  int64_t segments;  // of the result
};

// Throws InvalidArgumentError (shape_incompatible).
inline SegmentSizes segment_sizes(const KernelRequest& request) {
  const Shape &data = request.input_shape(0), &ids = request.input_shape(1);
  bool fits = ids.rank() <= data.rank();
  for (int i = 0; fits && i < ids.rank(); ++i) fits = ids[i] == data[i];
  require(fits, ErrorKind::shape_incompatible, "data.shape = ", data,
          " does not start with segment_ids.shape = ", ids);
  return {.rows = ids.element_count(),
          .inner = count_between(data, ids.rank(), data.rank()),
          .segments = request.output_shape(0)[0]};
}

// The bits of the largest finite number of 16 bits: those are no std::numeric_limits.
template <typename T>
TENON_HOST_DEVICE T largest_number(bool negative) {
  if constexpr (scalar::is_half<T>) {
    // 65504 is float16's largest number; of bfloat16 it is (2 - 2^-7) * 2^127.
    const float largest = static_cast<float>(T(65504.0F)) == 65504.0F ? 65504.0F : 3.38953139e38F;
    return T(negative ? -largest : largest);
  } else {
    return negative ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
  }
}

// What each element is joined to.
template <typename T, class Join>
TENON_HOST_DEVICE T segment_start() {
  using scalar::Compute;
  if constexpr (std::is_same_v<Join, scalar::Add>) {
    return static_cast<T>(static_cast<Compute<T>>(0));
  } else if constexpr (std::is_same_v<Join, scalar::Multiply>) {
    return static_cast<T>(static_cast<Compute<T>>(1));
  } else {
    return largest_number<T>(std::is_same_v<Join, scalar::Maximum>);
  }
}

}  // namespace tenon::internal
