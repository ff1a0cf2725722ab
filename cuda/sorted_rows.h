// Rows that are written by index, sorted so that one thread writes all of a row in the order of the
// indices: the same bits every time, without an atomic addition.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/backend/backend.h"
#include "core/kernels/host_device.h"
#include "cuda/status.h"

namespace tenon::cuda {

// The places in the list of indices, by row, and within a row in their order. Indices out of range
// come last and belong to no run.
struct SortedRows {
  const uint64_t* rows;  // row `limit` stands for all out of range
  const int64_t* places;
  int64_t count;
  uint64_t limit;

  TENON_HOST_DEVICE bool starts_run(int64_t at) const {
    return rows[at] < limit && (at == 0 || rows[at - 1] != rows[at]);
  }
  TENON_HOST_DEVICE bool in_run(int64_t first, int64_t at) const {
    return at < count && rows[at] == rows[first];
  }
  TENON_HOST_DEVICE int64_t row(int64_t at) const { return static_cast<int64_t>(rows[at]); }
  TENON_HOST_DEVICE int64_t place(int64_t at) const { return places[at]; }
};

class RowSorter {
 public:
  // Of `count` indices (int32 or int64) of `rows` rows. The device is the current one.
  RowSorter(int64_t count, int64_t rows, DType index_dtype);
  int64_t count() const { return count_; }
  size_t workspace_bytes() const;
  // Puts the sorting on the stream; the answer lies in the workspace. `count` isn't 0.
  SortedRows sort(cudaStream_t stream, const void* indices, void* workspace) const;

 private:
  int64_t count_, rows_;
  DType index_dtype_;
  int bits_ = 1;  // that tell the rows apart
  size_t sort_bytes_ = 0;
};

}  // namespace tenon::cuda
