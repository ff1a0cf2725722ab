// What Scatter* and ScatterNd* read from their requests: which rows of a variable are written.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "core/kernels/host_device.h"
#include "core/kernels/kernel_arguments.h"

namespace tenon::internal {

// An index is `axes` numbers, positions along the variable's first axes; what they point at is a
// row.
struct ScatteredRows {
  static constexpr int kMostAxes = 8;
  int64_t count;    // of indices
  int64_t size;     // of a row, in elements
  int64_t rows;     // that the variable has
  bool one_number;  // is what every element is updated with
  int axes;
  int64_t sizes[kMostAxes];

  // The number of the row that an index points at.
  template <typename Index>
  TENON_HOST_DEVICE int64_t row_of(const Index* index) const {
    int64_t row = 0;
    for (int i = 0; i < axes; ++i) row = row * sizes[i] + static_cast<int64_t>(index[i]);
    return row;
  }
};

// Throws InvalidArgumentError (shape_incompatible).
inline ScatteredRows scattered_rows(const KernelRequest& request) {
  const Shape &variable = request.input_shape(0), &indices = request.input_shape(1),
              &updates = request.input_shape(2);
  const bool by_vectors = request.op.find("ScatterNd") != std::string_view::npos;
  require(variable.rank() >= 1, ErrorKind::shape_incompatible,
          "A scalar variable has no rows to scatter into");
  require(!by_vectors || (indices.rank() >= 1 && indices.back() <= variable.rank()),
          ErrorKind::shape_incompatible, "indices ", indices, " don't fit a variable of shape ",
          variable);
  ScatteredRows rows = {
      .count = by_vectors ? count_between(indices, 0, indices.rank() - 1) : indices.element_count(),
      .size = 1,
      .rows = 1,
      .one_number = !by_vectors && updates.rank() == 0,
      .axes = by_vectors ? static_cast<int>(indices.back()) : 1,
      .sizes = {}};
  require<UnimplementedError>(rows.axes <= ScatteredRows::kMostAxes, ErrorKind::bad_argument,
                              "Indices of more than ", ScatteredRows::kMostAxes,
                              " axes are not supported: ", indices);
  for (int i = 0; i < rows.axes; ++i) {
    rows.sizes[i] = variable[i];
    rows.rows *= variable[i];
  }
  rows.size = count_between(variable, rows.axes, variable.rank());
  require(rows.one_number || updates.element_count() == rows.count * rows.size,
          ErrorKind::shape_incompatible,
          "Must have updates.shape = indices.shape + ref.shape[1:] or updates.shape = [], got ",
          "updates.shape ", updates, ", indices.shape ", indices, ", ref.shape ", variable);
  return rows;
}

}  // namespace tenon::internal
