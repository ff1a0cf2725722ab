#include "cpu_fallback/reduction.h"

#include <algorithm>

#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kSegmentElements = 16384;
constexpr int64_t kColumns = 256;  // accumulators that are kept on the stack
constexpr size_t kLargestSum = 8;

int64_t quotient_up(int64_t a, int64_t b) { return b == 0 ? 0 : (a + b - 1) / b; }

}  // namespace

Reduction::Reduction(Reduce reduce, DType dtype, const Shape& shape,
                     const std::vector<bool>& reduced)
    : functions_(find_reduce_functions(reduce, dtype)), element_bytes_(size_of(dtype)) {
  require<UnimplementedError>(functions_.row != nullptr, ErrorKind::no_kernel,
                              "There is no such reduction of ", dtype, " on the CPU");
  struct Merged {
    int64_t size;
    bool reduced;
  };
  std::vector<Merged> axes;
  for (int i = 0; i < shape.rank(); ++i) {
    const bool is_reduced = reduced[static_cast<size_t>(i)];
    if (is_reduced) elements_ *= shape[i];
    if (shape[i] == 1) continue;
    if (!axes.empty() && axes.back().reduced == is_reduced) {
      axes.back().size *= shape[i];
    } else {
      axes.push_back({shape[i], is_reduced});
    }
  }
  if (!axes.empty()) {
    inner_ = axes.back().size;
    inner_reduced_ = axes.back().reduced;
    axes.pop_back();
  }
  int64_t stride = inner_;
  for (size_t i = axes.size(); i-- > 0; stride *= axes[i].size) {
    (axes[i].reduced ? reduced_ : kept_).push_back({axes[i].size, stride});
    (axes[i].reduced ? rows_ : groups_) *= axes[i].size;
  }
  width_ = inner_reduced_ ? 1 : inner_;
  // Long single rows are cut themselves.
  const bool one_row = inner_reduced_ && rows_ == 1;
  const int64_t units = one_row ? inner_ : rows_, unit = one_row ? 1 : std::max<int64_t>(inner_, 1);
  segment_ = std::max<int64_t>(1, kSegmentElements / unit);
  segments_ = std::max<int64_t>(1, quotient_up(units, segment_));
}

int64_t Reduction::offset(const std::vector<Axis>& axes, int64_t index) {
  int64_t offset = 0;
  for (const Axis& axis : axes) {
    offset += index % axis.size * axis.stride;
    index /= axis.size;
  }
  return offset;
}

size_t Reduction::workspace_bytes() const {
  return segments_ == 1 && width_ <= kColumns
             ? 0
             : static_cast<size_t>(groups_ * segments_ * width_) * functions_.bytes;
}

// Takes rows [first, last) of a group into its accumulators.
void Reduction::reduce_rows(const std::byte* x, int64_t first, int64_t last,
                            std::byte* sums) const {
  for (int64_t row = first; row < last; ++row) {
    const std::byte* at = x + static_cast<size_t>(offset(reduced_, row)) * element_bytes_;
    if (inner_reduced_) {
      functions_.row(sums, at, inner_);
    } else {
      functions_.columns(sums, at, inner_);
    }
  }
}

void Reduction::run_segment(const std::byte* input, int64_t group, int64_t segment,
                            std::byte* sums) const {
  const std::byte* x = input + static_cast<size_t>(offset(kept_, group)) * element_bytes_;
  functions_.start(sums, width_);
  const int64_t first = segment * segment_;
  if (inner_reduced_ && rows_ == 1) {
    const int64_t last = std::min(inner_, first + segment_);
    functions_.row(sums, x + static_cast<size_t>(first) * element_bytes_, last - first);
  } else {
    reduce_rows(x, first, std::min(rows_, first + segment_), sums);
  }
}

void Reduction::run(const Launch& args, const void* input, void* output) const {
  const auto* x = static_cast<const std::byte*>(input);
  auto* out = static_cast<std::byte*>(output);
  const int64_t results = groups_ * width_;
  if (results == 0) return;
  const auto write = [&](const std::byte* sums, int64_t first, int64_t count) {
    functions_.finish(sums, count, elements_, out + static_cast<size_t>(first) * element_bytes_);
  };
  if (segments_ == 1 && width_ <= kColumns) {
    // Results of a few groups at a time, straight into the output.
    for_rows(args, groups_, std::max<int64_t>(1, inner_ * rows_), [&](int64_t begin, int64_t end) {
      alignas(64) std::byte sums[kColumns * kLargestSum];
      for (int64_t group = begin; group < end; ++group) {
        run_segment(x, group, 0, sums);
        write(sums, group * width_, width_);
      }
    });
    return;
  }
  auto* partial = static_cast<std::byte*>(args.workspace);
  const size_t segment_bytes = static_cast<size_t>(width_) * functions_.bytes;
  pool(args).for_each(groups_ * segments_, [&](int64_t piece) {
    run_segment(x, piece / segments_, piece % segments_,
                partial + static_cast<size_t>(piece) * segment_bytes);
  });
  for_rows(args, groups_, width_ * segments_, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      std::byte* sums = partial + static_cast<size_t>(group * segments_) * segment_bytes;
      for (int64_t i = 1; i < segments_; ++i) {
        functions_.combine(sums, sums + static_cast<size_t>(i) * segment_bytes, width_);
      }
      write(sums, group * width_, width_);
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
