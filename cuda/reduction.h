// A reduction over any axes, made ready for a shape. Sums of floating numbers are kept in double,
// of integers in 64 bits; they are added in an order that only the shape fixes.
#pragma once

#include "core/kernels/reduced_axes.h"
#include "cuda/offsets.h"

namespace tenon::cuda {

enum class Reduce : uint8_t { kSum, kMean, kProd, kMax, kMin, kAny, kAll, kHalfSquares };

// How many elements make a result, and the pieces that they are cut into: long reductions are cut
// where there are few results.
struct ReductionPieces {
  static constexpr int64_t kColumns = 32;  // that a block sums side by side
  explicit ReductionPieces(const internal::ReducedAxes& axes);

  int64_t count;  // reduced elements (rows, where the innermost axis is kept)
  int64_t segments, length;
};

// A kernel that reduces input `input` to output 0. Throws UnimplementedError (no_kernel) when the
// operation has no meaning for the dtype.
internal::Kernel reduction_kernel(Reduce reduce, DType dtype, const Shape& shape,
                                  const std::vector<bool>& reduced, int input = 0);

}  // namespace tenon::cuda
