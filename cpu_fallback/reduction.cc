#include "cpu_fallback/reduction.h"

#include <algorithm>

#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kSegmentElements = 16384;
constexpr int64_t kColumns = 256;  // accumulators that are kept on the stack
constexpr size_t kLargestSum = 16;

}  // namespace

Reduction::Reduction(Reduce reduce, DType dtype, const Shape& shape,
                     const std::vector<bool>& reduced)
    : functions_(find_reduce_functions(reduce, dtype)),
      element_bytes_(size_of(dtype)),
      axes_(shape, reduced) {
  require<UnimplementedError>(functions_.row != nullptr, ErrorKind::no_kernel,
                              "There is no such reduction of ", dtype, " on the CPU");
  // Long single rows are cut themselves.
  const bool one_row = axes_.inner_reduced && axes_.rows == 1;
  const int64_t units = one_row ? axes_.inner : axes_.rows,
                unit = one_row ? 1 : std::max<int64_t>(axes_.inner, 1);
  segment_ = std::max<int64_t>(1, kSegmentElements / unit);
  segments_ = std::max<int64_t>(1, quotient_up(units, segment_));
}

int64_t Reduction::offset(const std::vector<internal::ReducedAxes::Axis>& axes, int64_t index) {
  int64_t offset = 0;
  for (const auto& axis : axes) {
    offset += index % axis.size * axis.stride;
    index /= axis.size;
  }
  return offset;
}

size_t Reduction::workspace_bytes() const {
  return segments_ == 1 && axes_.width <= kColumns
             ? 0
             : static_cast<size_t>(axes_.groups * segments_ * axes_.width) * functions_.bytes;
}

// Takes rows [first, last) of a group into its accumulators.
void Reduction::reduce_rows(const std::byte* x, int64_t first, int64_t last,
                            std::byte* sums) const {
  for (int64_t row = first; row < last; ++row) {
    const std::byte* at = x + static_cast<size_t>(offset(axes_.reduced, row)) * element_bytes_;
    if (axes_.inner_reduced) {
      functions_.row(sums, at, axes_.inner);
    } else {
      functions_.columns(sums, at, axes_.inner);
    }
  }
}

void Reduction::run_segment(const std::byte* input, int64_t group, int64_t segment,
                            std::byte* sums) const {
  const std::byte* x = input + static_cast<size_t>(offset(axes_.kept, group)) * element_bytes_;
  functions_.start(sums, axes_.width);
  const int64_t first = segment * segment_;
  if (axes_.inner_reduced && axes_.rows == 1) {
    const int64_t last = std::min(axes_.inner, first + segment_);
    functions_.row(sums, x + static_cast<size_t>(first) * element_bytes_, last - first);
  } else {
    reduce_rows(x, first, std::min(axes_.rows, first + segment_), sums);
  }
}

void Reduction::run(const Launch& args, const void* input, void* output) const {
  const auto* x = static_cast<const std::byte*>(input);
  auto* out = static_cast<std::byte*>(output);
  const int64_t results = axes_.groups * axes_.width;
  if (results == 0) return;
  const auto write = [&](const std::byte* sums, int64_t first, int64_t count) {
    functions_.finish(sums, count, axes_.elements,
                      out + static_cast<size_t>(first) * element_bytes_);
  };
  if (segments_ == 1 && axes_.width <= kColumns) {
    // Results of a few groups at a time, straight into the output.
    for_rows(args, axes_.groups, std::max<int64_t>(1, axes_.inner * axes_.rows),
             [&](int64_t begin, int64_t end) {
               alignas(64) std::byte sums[kColumns * kLargestSum];
               for (int64_t group = begin; group < end; ++group) {
                 run_segment(x, group, 0, sums);
                 write(sums, group * axes_.width, axes_.width);
               }
             });
    return;
  }
  auto* partial = static_cast<std::byte*>(args.workspace);
  const size_t segment_bytes = static_cast<size_t>(axes_.width) * functions_.bytes;
  pool(args).for_each(axes_.groups * segments_, [&](int64_t piece) {
    run_segment(x, piece / segments_, piece % segments_,
                partial + static_cast<size_t>(piece) * segment_bytes);
  });
  for_rows(args, axes_.groups, axes_.width * segments_, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      std::byte* sums = partial + static_cast<size_t>(group * segments_) * segment_bytes;
      for (int64_t i = 1; i < segments_; ++i) {
        functions_.combine(sums, sums + static_cast<size_t>(i) * segment_bytes, axes_.width);
      }
      write(sums, group * axes_.width, axes_.width);
    }
  });
}

Kernel Reduction::kernel(Reduction reduction, int input) {
  const auto plan = std::make_shared<const Reduction>(std::move(reduction));
  return {.workspace_bytes = plan->workspace_bytes(), .launch = [plan, input](const Launch& args) {
            plan->run(args, args.inputs[input], args.outputs[0]);
          }};
}

}  // namespace tenon::cpu
