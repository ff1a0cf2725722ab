// What a strided slice takes, worked out from begin, end, strides and TensorFlow's five masks. Used
// by the shape rule of StridedSlice and by its kernels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/id.h"
#include "core/tensor/attr_value.h"
#include "tenon/shape.h"

namespace tenon::internal {

struct StridedSliceArguments {
  std::vector<int64_t> begin, end, strides;  // of one length
  int64_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0, shrink_axis_mask = 0;
  bool bounds_known = true;  // false: begin and end are placeholders of the right length

  void set_masks(const AttrMap& attrs) {
    begin_mask = attrs.get<int64_t>("begin_mask");
    end_mask = attrs.get<int64_t>("end_mask");
    ellipsis_mask = attrs.get<int64_t>("ellipsis_mask");
    new_axis_mask = attrs.get<int64_t>("new_axis_mask");
    shrink_axis_mask = attrs.get<int64_t>("shrink_axis_mask");
  }
};

// The attributes of these operations.
inline constexpr const char* kStridedSliceMasks[] = {"begin_mask", "end_mask", "ellipsis_mask",
                                                     "new_axis_mask", "shrink_axis_mask"};

// The same masks for another operation on the same elements.
inline AttrMap strided_slice_masks(const AttrMap& attrs) {
  AttrMap masks;
  for (const char* mask : kStridedSliceMasks) masks.set(mask, attrs.get<int64_t>(mask));
  return masks;
}

// Along each input axis i the elements begin[i] + k * strides[i] for k in [0, counts[i]). `output`
// is the shape of the result: counts with axes added (new) and dropped (shrunk); `axis_of` says of
// each of its dimensions which input axis it is, -1 for a new one.
struct StridedSlicePlan {
  std::vector<int64_t> begin, strides, counts;
  Shape output;
  std::vector<int> axis_of;
};

// Works a plan out, entry by entry. `input` and `arguments` must outlive it.
class StridedSlicePlanner {
 public:
  StridedSlicePlanner(const Shape& input, const StridedSliceArguments& arguments)
      : input_(input), arguments_(arguments) {}

  StridedSlicePlan plan() {
    count_named();
    for (int i = 0; i < entries(); ++i) {
      if (i == ellipsis_) {
        take_all(input_.rank() - named_);
      } else if (bit(arguments_.new_axis_mask, i)) {
        add_dimension(1, -1);
      } else {
        take(i);
      }
    }
    take_all(input_.rank() - axis_);
    return std::move(plan_);
  }

 private:
  struct Taken {
    int64_t begin, count;
  };

  static bool bit(int64_t mask, int i) { return i < 63 && ((mask >> i) & 1) != 0; }
  int entries() const { return static_cast<int>(arguments_.strides.size()); }

  // How many entries stand for an axis of the input, and which one is the ellipsis.
  void count_named() {
    for (int i = 0; i < entries(); ++i) {
      if (bit(arguments_.ellipsis_mask, i)) {
        require<ValueError>(ellipsis_ < 0, ErrorKind::bad_argument,
                            "Multiple ellipses in slice spec not allowed");
        ellipsis_ = i;
      } else if (!bit(arguments_.new_axis_mask, i)) {
        ++named_;
      }
    }
    require<ValueError>(named_ <= input_.rank(), ErrorKind::index_out_of_range,
                        "Index out of range using input dim ", input_.rank(), "; input has only ",
                        input_.rank(), " dims");
  }

  void take_all(int count) {
    for (int i = 0; i < count; ++i, ++axis_) {
      plan_.begin.push_back(0);
      plan_.strides.push_back(1);
      plan_.counts.push_back(input_[axis_]);
      add_dimension(input_[axis_], axis_);
    }
  }

  // To the result.
  void add_dimension(int64_t size, int axis) {
    plan_.output.push_back(size);
    plan_.axis_of.push_back(axis);
  }

  void take(int i) {
    const int64_t size = input_[axis_], stride = nth(arguments_.strides, i);
    require<ValueError>(stride != 0, ErrorKind::bad_argument, "strides[", i, "] must be non-zero");
    const bool all = bit(arguments_.begin_mask, i) && bit(arguments_.end_mask, i);
    const bool shrink = bit(arguments_.shrink_axis_mask, i);
    Taken taken = {nth(arguments_.begin, i), kUnknown};
    if (shrink) {
      taken = one_of(i);
    } else if (size >= 0 && (arguments_.bounds_known || all)) {
      taken = range_of(i);
    }
    const bool at_most_one = taken.count == 0 || taken.count == 1;
    plan_.begin.push_back(taken.begin);
    plan_.strides.push_back(at_most_one ? 1 : stride);  // may be beyond the tensor
    plan_.counts.push_back(taken.count);
    if (!shrink) add_dimension(taken.count, axis_);
    ++axis_;
  }

  // Of entry i, a single index, whatever begin_mask says.
  Taken one_of(int i) const {
    const int64_t size = input_[axis_], stride = nth(arguments_.strides, i);
    require<ValueError>(stride > 0, ErrorKind::shape_incompatible,
                        "only stride 1 allowed on non-range indexing, not strides[", i,
                        "] = ", stride);
    const int64_t asked = nth(arguments_.begin, i);
    if (!arguments_.bounds_known || size < 0) return {asked, 1};
    const int64_t begin = asked < 0 ? asked + size : asked;
    require<ValueError>(begin >= 0 && begin < size, ErrorKind::index_out_of_range, "slice index ",
                        asked, " of dimension ", axis_, " out of bounds: it has ", size,
                        " elements");
    return {begin, 1};
  }

  // Of entry i, a range in an axis whose size is known.
  Taken range_of(int i) const {
    const int64_t size = input_[axis_], stride = nth(arguments_.strides, i);
    const int64_t lowest = stride > 0 ? 0 : -1, highest = stride > 0 ? size : size - 1;
    const auto clamped = [&](int64_t bound, int64_t mask, int64_t otherwise) {
      if (bit(mask, i)) return otherwise;
      return std::clamp(bound < 0 ? bound + size : bound, lowest, highest);
    };
    const int64_t begin =
        clamped(nth(arguments_.begin, i), arguments_.begin_mask, stride > 0 ? 0 : size - 1);
    const int64_t end =
        clamped(nth(arguments_.end, i), arguments_.end_mask, stride > 0 ? size : -1);
    const int64_t distance = end - begin;
    if (distance == 0 || (distance < 0) != (stride < 0)) return {begin, 0};
    return {begin, distance / stride + (distance % stride != 0 ? 1 : 0)};
  }

  const Shape& input_;
  const StridedSliceArguments& arguments_;
  int named_ = 0, ellipsis_ = -1;
  int axis_ = 0;  // of the input, the next to be taken
  StridedSlicePlan plan_;
};

// `input` has a known rank; counts are kUnknown where a size (or a bound) isn't known. Throws
// ValueError for too many entries, a stride of 0, or a single index out of range.
inline StridedSlicePlan plan_strided_slice(const Shape& input,
                                           const StridedSliceArguments& arguments) {
  return StridedSlicePlanner(input, arguments).plan();
}

}  // namespace tenon::internal
