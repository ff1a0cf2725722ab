// Partitioners: how get_variable cuts a variable into parts.
//
//   Variable w = get_variable("w", {.shape = {10, 4}, .partitioner = fixed_size_partitioner(3)});
//   w.parts();                         // w/part_0 of 4 rows, w/part_1 and w/part_2 of 3
//   matmul(x, w);                      // the parts joined
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/export.h"
#include "tenon/shape.h"

namespace tenon {

// Returns the number of parts along each axis of a fully known shape: all 1 but for one axis.
using Partitioner = std::function<std::vector<int64_t>(const Shape& shape, DType dtype)>;

// That many parts along an axis, at most its size.
TENON_API Partitioner fixed_size_partitioner(int64_t num_shards, int axis = 0);

struct VariableAxisSizePartitionerOptions {
  int64_t max_shard_bytes = 0;  // what a part may take; positive
  int axis = 0;
  int64_t bytes_per_string_element = 16;
  int64_t max_shards = 0;  // 0: no limit
};
// As few parts as there can be of at most max_shard_bytes each.
// Throws ValueError (bad_partitioner) when a number of bytes or shards isn't positive.
TENON_API Partitioner
variable_axis_size_partitioner(const VariableAxisSizePartitionerOptions& options);

struct MinMaxVariablePartitionerOptions {
  int64_t max_partitions = 1;
  int axis = 0;
  int64_t min_slice_size = 256 << 10;  // bytes that a part has at least, but for the last
  int64_t bytes_per_string_element = 16;
};
// As many parts as there can be of at least min_slice_size bytes, at most max_partitions.
TENON_API Partitioner min_max_variable_partitioner(const MinMaxVariablePartitionerOptions& options);

}  // namespace tenon
