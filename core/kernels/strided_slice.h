// What a strided slice takes, worked out from begin, end, strides and TensorFlow's five masks. Used
// by the shape rule of StridedSlice and by its kernels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tenon/error.h"
#include "tenon/shape.h"

namespace tenon::internal {

struct StridedSliceArguments {
  std::vector<int64_t> begin, end, strides;  // of one length
  int64_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0, shrink_axis_mask = 0;
  bool bounds_known = true;  // false: begin and end are placeholders of the right length
};

// Along each input axis i the elements begin[i] + k * strides[i] for k in [0, counts[i]). `output`
// is the shape of the result: counts with axes added (new) and dropped (shrunk).
struct StridedSlicePlan {
  std::vector<int64_t> begin, strides, counts;
  Shape output;
};

// `input` has a known rank; counts are kUnknown where a size (or a bound) isn't known. Throws
// ValueError for too many entries, a stride of 0, or a single index out of range.
inline StridedSlicePlan plan_strided_slice(const Shape& input,
                                           const StridedSliceArguments& arguments) {
  StridedSlicePlan plan;
  const auto entries = static_cast<int>(arguments.strides.size());
  const auto bit = [](int64_t mask, int i) { return i < 63 && ((mask >> i) & 1) != 0; };
  int named = 0, ellipsis = -1;
  for (int i = 0; i < entries; ++i) {
    if (bit(arguments.ellipsis_mask, i)) {
      if (ellipsis >= 0) {
        throw ValueError(ErrorKind::bad_argument, "Multiple ellipses in slice spec not allowed");
      }
      ellipsis = i;
    } else if (!bit(arguments.new_axis_mask, i)) {
      ++named;
    }
  }
  if (named > input.rank()) {
    throw ValueError(ErrorKind::shape_incompatible,
                     "Index out of range using input dim " + std::to_string(input.rank()) +
                         "; input has only " + std::to_string(input.rank()) + " dims");
  }
  int axis = 0;
  const auto take_all = [&](int count) {
    for (int i = 0; i < count; ++i, ++axis) {
      plan.begin.push_back(0);
      plan.strides.push_back(1);
      plan.counts.push_back(input[axis]);
      plan.output.push_back(input[axis]);
    }
  };
  const auto take = [&](int i) {
    const auto at = static_cast<size_t>(i);
    const int64_t size = input[axis], stride = arguments.strides[at];
    const bool shrink = bit(arguments.shrink_axis_mask, i);
    if (stride == 0) {
      throw ValueError(ErrorKind::bad_argument,
                       "strides[" + std::to_string(i) + "] must be non-zero");
    }
    int64_t begin = arguments.begin[at], count = kUnknown;
    const bool all = bit(arguments.begin_mask, i) && bit(arguments.end_mask, i);
    if (shrink) {
      if (stride < 0) {
        throw ValueError(ErrorKind::shape_incompatible,
                         "only stride 1 allowed on non-range indexing, not strides[" +
                             std::to_string(i) + "] = " + std::to_string(stride));
      }
      count = 1;
      if (arguments.bounds_known && size >= 0) {
        begin = bit(arguments.begin_mask, i) ? 0 : begin < 0 ? begin + size : begin;
        if (begin < 0 || begin >= size) {
          throw ValueError(ErrorKind::index_out_of_range,
                           "slice index " + std::to_string(arguments.begin[at]) + " of dimension " +
                               std::to_string(axis) + " out of bounds: it has " +
                               std::to_string(size) + " elements");
        }
      }
    } else if (size >= 0 && (arguments.bounds_known || all)) {
      const int64_t lowest = stride > 0 ? 0 : -1, highest = stride > 0 ? size : size - 1;
      const auto clamped = [&](int64_t bound, bool masked, int64_t otherwise) {
        if (masked) return otherwise;
        return std::clamp(bound < 0 ? bound + size : bound, lowest, highest);
      };
      begin = clamped(begin, bit(arguments.begin_mask, i), stride > 0 ? 0 : size - 1);
      const int64_t end =
          clamped(arguments.end[at], bit(arguments.end_mask, i), stride > 0 ? size : -1);
      const int64_t distance = end - begin;
      count = distance == 0 || (distance < 0) != (stride < 0)
                  ? 0
                  : distance / stride + (distance % stride != 0 ? 1 : 0);
    }
    plan.begin.push_back(begin);
    plan.strides.push_back(count == 0 || count == 1 ? 1 : stride);  // may be beyond the tensor
    plan.counts.push_back(count);
    if (!shrink) plan.output.push_back(count);
    ++axis;
  };
  for (int i = 0; i < entries; ++i) {
    if (i == ellipsis) {
      take_all(input.rank() - named);
    } else if (bit(arguments.new_axis_mask, i)) {
      plan.output.push_back(1);
    } else {
      take(i);
    }
  }
  take_all(input.rank() - axis);
  return plan;
}

}  // namespace tenon::internal
