// A reduction over any axes, made ready for a shape.
#pragma once

#include <vector>

#include "core/backend/backend.h"
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
  struct Axis {
    int64_t size, stride;
  };
  // The offset of the `index`-th combination of coordinates of the axes.
  static int64_t offset(const std::vector<Axis>& axes, int64_t index);
  void run_segment(const std::byte* input, int64_t group, int64_t segment, std::byte* sums) const;
  void reduce_rows(const std::byte* x, int64_t first, int64_t last, std::byte* sums) const;

  ReduceFunctions functions_;
  size_t element_bytes_;
  // Neighbouring axes that are all kept, or all reduced, are one. The innermost one stands apart:
  // its elements are `inner_` numbers side by side.
  std::vector<Axis> kept_, reduced_;
  int64_t inner_ = 1;
  bool inner_reduced_ = false;
  int64_t groups_ = 1;    // combinations of the kept axes
  int64_t rows_ = 1;      // combinations of the reduced axes
  int64_t width_ = 1;     // results in a group
  int64_t elements_ = 1;  // reduced to one result
  // What a group reduces is cut into segments of some thousand elements, fixed by the shape.
  int64_t segments_ = 1;
  int64_t segment_ = 0;  // rows in a segment, or elements where there is one row
};

}  // namespace tenon::cpu
