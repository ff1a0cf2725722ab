// Triangles of matrices, which gradients of decompositions are made of.
#pragma once

#include "core/graph/builder.h"
#include "core/ops/array_rules.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"

namespace tenon::internal {

// The lower or upper triangle of matrices of a known rank, its diagonal included, zeros elsewhere.
inline Output triangle(const Output& matrices, bool lower) {
  const int rank = matrices.shape().rank();
  const Output rows = expand_dims(range(size_along(matrices, rank - 2)), 1);
  const Output columns = range(size_along(matrices, rank - 1));
  const Output inside = lower ? greater_equal(rows, columns) : less_equal(rows, columns);
  return add_output("SelectV2", {inside, matrices, Input(0)});
}

}  // namespace tenon::internal
