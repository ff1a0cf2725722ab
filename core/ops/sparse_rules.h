// What operations of sparse tensors share.
#pragma once

#include <cstdint>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/sparse_ops.h"

namespace tenon::internal {

// One column of the indices.
inline Output column(const SparseTensor& sparse, int64_t axis) {
  return strided_slice(sparse.indices(), {0, axis}, {0, axis + 1},
                       {.begin_mask = 1, .end_mask = 1, .shrink_axis_mask = 2});
}

inline std::vector<Input> inputs_of(const SparseTensor& sparse) {
  return {sparse.indices(), sparse.values(), sparse.dense_shape()};
}

}  // namespace tenon::internal
