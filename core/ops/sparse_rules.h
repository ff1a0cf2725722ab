// What operations of sparse tensors share.
#pragma once

#include <cstdint>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/error.h"
#include "tenon/shape.h"
#include "tenon/sparse_ops.h"

namespace tenon::internal {

// How many axes it has; kUnknown where its indices don't say.
inline int64_t rank_of(const SparseTensor& sparse) {
  const Shape indices = sparse.indices().shape();
  return indices.has_rank() ? indices[1] : kUnknown;
}

// One column of the indices.
inline Output column(const SparseTensor& sparse, int64_t axis) {
  return strided_slice(sparse.indices(), {0, axis}, {0, axis + 1},
                       {.begin_mask = 1, .end_mask = 1, .shrink_axis_mask = 2});
}

// None knows the line of the call: a CallerLine does.
inline std::vector<Input> inputs_of(const SparseTensor& sparse) {
  std::vector<Input> inputs;
  for (const Output& part : {sparse.indices(), sparse.values(), sparse.dense_shape()}) {
    inputs.emplace_back(part, Location{});
  }
  return inputs;
}

}  // namespace tenon::internal
