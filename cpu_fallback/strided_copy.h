// Copying elements from one arrangement in memory to another: what slices, transposes,
// concatenations and paddings are made of.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {

// The strides, in elements, of a tensor of this shape that lies row-major.
inline std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()));
  int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// Element (i0, i1, ...) of a box of `sizes` is taken from `from` at the sum of i * from_strides and
// put at the sum of i * to_strides. Strides may be 0 or negative.
class StridedCopy {
 public:
  StridedCopy(std::vector<int64_t> sizes, std::vector<int64_t> from_strides,
              std::vector<int64_t> to_strides) {
    for (size_t i = 0; i < sizes.size(); ++i) {
      count_ *= sizes[i];
      if (sizes[i] == 1) continue;
      const bool joins = !axes_.empty() && axes_.back().from == from_strides[i] * sizes[i] &&
                         axes_.back().to == to_strides[i] * sizes[i];
      if (joins) {
        axes_.back() = {axes_.back().size * sizes[i], from_strides[i], to_strides[i]};
      } else {
        axes_.push_back({sizes[i], from_strides[i], to_strides[i]});
      }
    }
    if (axes_.empty()) axes_.push_back({1, 1, 1});
  }

  template <typename T>
  void operator()(const Launch& args, const T* from, T* to) const {
    if (count_ == 0) return;
    const Axis& inner = axes_.back();
    for_rows(args, count_ / inner.size, inner.size, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) copy_row(row, from, to);
    });
  }

 private:
  struct Axis {
    int64_t size, from, to;
  };

  template <typename T>
  void copy_row(int64_t row, const T* from, T* to) const {
    for (size_t i = axes_.size() - 1; i-- > 0;) {
      const int64_t index = row % axes_[i].size;
      row /= axes_[i].size;
      from += index * axes_[i].from;
      to += index * axes_[i].to;
    }
    const Axis& inner = axes_.back();
    if (inner.from == 1 && inner.to == 1) {
      std::copy(from, from + inner.size, to);
    } else {
      for (int64_t i = 0; i < inner.size; ++i) to[i * inner.to] = from[i * inner.from];
    }
  }

  std::vector<Axis> axes_;
  int64_t count_ = 1;
};

// Calls f(static_cast<T*>(nullptr)) for a T of the dtype's size: moving elements needs no more.
template <typename F>
Kernel for_element_size(DType dtype, F f) {
  if (dtype == DType::string) return f(static_cast<std::string*>(nullptr));
  switch (size_of(dtype)) {
    case 1:
      return f(static_cast<uint8_t*>(nullptr));
    case 2:
      return f(static_cast<uint16_t*>(nullptr));
    case 4:
      return f(static_cast<uint32_t*>(nullptr));
    default:
      return f(static_cast<uint64_t*>(nullptr));
  }
}

// A kernel that copies input `input` to output 0, `from_offset` elements in.
inline Kernel copy_kernel(const KernelRequest& request, int input, const StridedCopy& copy,
                          int64_t from_offset = 0) {
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [copy, input, from_offset](const Launch& args) {
      copy(args, args.input<T>(input) + from_offset, args.output<T>(0));
    }};
  });
}

}  // namespace tenon::cpu
