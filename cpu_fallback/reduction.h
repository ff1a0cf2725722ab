// A reduction over any axes, made ready for a shape.
#pragma once

#include <vector>

#include "core/kernels/reduced_axes.h"
#include "cpu_fallback/reduce_functions.h"

namespace tenon::cpu {

class Reduction {
 public:
  // `reduced` says of each axis of the shape whether it is reduced.
  // Throws UnimplementedError (no_kernel) when the operation has no meaning for the dtype.
  Reduction(Reduce reduce, DType dtype, const Shape& shape, const std::vector<bool>& reduced);

  size_t workspace_bytes() const;
  void run(const internal::Launch& args, const void* input, void* output) const;

  // As a kernel of the given input, output 0.
  static internal::Kernel kernel(Reduction reduction, int input = 0);

 private:
  // The offset of the `index`-th combination of coordinates of the axes.
  static int64_t offset(const std::vector<internal::ReducedAxes::Axis>& axes, int64_t index);
  void run_segment(const std::byte* input, int64_t group, int64_t segment, std::byte* sums) const;
  void reduce_rows(const std::byte* x, int64_t first, int64_t last, std::byte* sums) const;

  ReduceFunctions functions_;
  size_t element_bytes_;
  internal::ReducedAxes axes_;
  // What a group reduces is cut into segments of some thousand elements, fixed by the shape.
  int64_t segments_ = 1;
  int64_t segment_ = 0;  // rows in a segment, or elements where there is one row
};

}  // namespace tenon::cpu
