// The inner loops of reductions, for any operation and dtype. Sums of float32 are kept in double.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tenon/dtype.h"

namespace tenon::cpu {

enum class Reduce { kSum, kMean, kProd, kMax, kMin, kAny, kAll, kHalfSquares };

// Accumulators are as many bytes as `bytes` says, one or an array of them.
struct ReduceFunctions {
  size_t bytes = 0;
  void (*start)(void* sums, int64_t count) = nullptr;
  // Takes `count` elements into one accumulator.
  void (*row)(void* sum, const void* x, int64_t count) = nullptr;
  // Takes element i into accumulator i.
  void (*columns)(void* sums, const void* x, int64_t count) = nullptr;
  // Takes accumulator i of `others` into accumulator i.
  void (*combine)(void* sums, const void* others, int64_t count) = nullptr;
  // Writes the results of `elements` elements each.
  void (*finish)(const void* sums, int64_t count, int64_t elements, void* out) = nullptr;
};

// Without functions where the operation has no meaning for the dtype.
ReduceFunctions find_reduce_functions(Reduce reduce, DType dtype);
ReduceFunctions find_rare_reduce_functions(Reduce reduce, DType dtype);

}  // namespace tenon::cpu
