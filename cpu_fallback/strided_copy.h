// Runs the copies of a plan: slices, transposes, concatenations, paddings.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/kernels/copy_plan.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {

class StridedCopy {
 public:
  explicit StridedCopy(internal::CopyAxes box) : box_(std::move(box)) {}

  template <typename T>
  void operator()(const Launch& args, const T* from, T* to) const {
    if (box_.count == 0) return;
    const int64_t inner = box_.axes.back().size;
    for_rows(args, box_.count / inner, inner, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) copy_row(row, from, to);
    });
  }

 private:
  template <typename T>
  void copy_row(int64_t row, const T* from, T* to) const {
    const auto& axes = box_.axes;
    for (size_t i = axes.size() - 1; i-- > 0;) {
      const int64_t index = row % axes[i].size;
      row /= axes[i].size;
      from += index * axes[i].from;
      to += index * axes[i].to;
    }
    const auto& inner = axes.back();
    if (inner.from == 1 && inner.to == 1) {
      std::copy(from, from + inner.size, to);
    } else {
      for (int64_t i = 0; i < inner.size; ++i) to[i * inner.to] = from[i * inner.from];
    }
  }

  internal::CopyAxes box_;
};

// internal::for_word_size for a dtype, whose elements may be strings.
template <typename F>
Kernel for_element_size(DType dtype, F f) {
  if (dtype == DType::string) return f(static_cast<std::string*>(nullptr));
  return internal::for_word_size(size_of(dtype), f);
}

// A kernel that does what PLAN(request) says.
template <internal::CopyPlanner kPlan>
Kernel prepare_copies(const KernelRequest& request) {
  const internal::CopyPlan plan = kPlan(request);
  if (plan.parts.empty()) return {.launch = [](const Launch&) {}};
  struct Part {
    int input, output;
    int64_t from_offset, to_offset;
    StridedCopy copy;
  };
  std::vector<Part> parts;
  for (const internal::CopyPart& part : plan.parts) {
    parts.push_back(
        {part.input, part.output, part.from_offset, part.to_offset, StridedCopy(part.axes)});
  }
  const int64_t filled = plan.fill ? request.output_shape(0).element_count() : 0;
  return for_element_size(plan.dtype(request), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [parts, filled, value = plan.fill_input,
                             into_variable = plan.into_variable](const Launch& args) {
      if (filled != 0) {
        std::fill_n(args.output<T>(0), filled, value >= 0 ? *args.input<T>(value) : T{});
      }
      for (const Part& part : parts) {
        T* to = into_variable ? args.mutable_input<T>(0) : args.output<T>(part.output);
        part.copy(args, args.input<T>(part.input) + part.from_offset, to + part.to_offset);
      }
    }};
  });
}

}  // namespace tenon::cpu
