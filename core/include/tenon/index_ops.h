// Elements and rows by their numbers: gather_nd, scatter_nd, segments, partitions, unique. Included
// by tenon/ops.h, which says what all share.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/op_arguments.h"

namespace tenon {

// Elements or slices of params: indices [..., K] are positions along its first K axes -> [..., the
// other axes]. K must be known. An index out of range fails when it is run (InvalidArgumentError,
// index_out_of_range).
TENON_API Output gather_nd(Input params, Input indices, const OpOptions& options = {});
// A tensor of that shape that is 0 but for updates [..., the other axes] at indices [..., K]; what
// has one index is summed, in order.
TENON_API Output scatter_nd(Input indices, Input updates, Integers shape,
                            const OpOptions& options = {});

// Rows of data joined by segment_ids, a vector that never falls: row i of the result is made of
// those whose id is i -> [last id + 1, ...]. Of an id that isn't there it is 0 (1 of segment_prod).
// Ids that fall, or are negative, fail when it is run (InvalidArgumentError, index_out_of_range).
TENON_API Output segment_sum(Input data, Input segment_ids, const OpOptions& options = {});
TENON_API Output segment_mean(Input data, Input segment_ids, const OpOptions& options = {});
TENON_API Output segment_prod(Input data, Input segment_ids, const OpOptions& options = {});
TENON_API Output segment_max(Input data, Input segment_ids, const OpOptions& options = {});
TENON_API Output segment_min(Input data, Input segment_ids, const OpOptions& options = {});
// The same of rows `indices` of data.
TENON_API Output sparse_segment_sum(Input data, Input indices, Input segment_ids,
                                    const OpOptions& options = {});
TENON_API Output sparse_segment_mean(Input data, Input indices, Input segment_ids,
                                     const OpOptions& options = {});
// The sum divided by the root of the number of rows.
TENON_API Output sparse_segment_sqrt_n(Input data, Input indices, Input segment_ids,
                                       const OpOptions& options = {});

// The same for ids in any order, of any rank that data begins with: -> [num_segments, the other
// axes]. What has a negative id is left out; one of num_segments or more fails when it is run
// (InvalidArgumentError, index_out_of_range). Of an id that isn't there the sum is 0, the product
// 1, the maximum (minimum) the lowest (highest) number of the dtype.
TENON_API Output unsorted_segment_sum(Input data, Input segment_ids, Input num_segments,
                                      const OpOptions& options = {});
TENON_API Output unsorted_segment_prod(Input data, Input segment_ids, Input num_segments,
                                       const OpOptions& options = {});
TENON_API Output unsorted_segment_max(Input data, Input segment_ids, Input num_segments,
                                      const OpOptions& options = {});
TENON_API Output unsorted_segment_min(Input data, Input segment_ids, Input num_segments,
                                      const OpOptions& options = {});
TENON_API Output unsorted_segment_mean(Input data, Input segment_ids, Input num_segments,
                                       const OpOptions& options = {});
TENON_API Output unsorted_segment_sqrt_n(Input data, Input segment_ids, Input num_segments,
                                         const OpOptions& options = {});

// The rows of data in num_partitions tensors: row i goes to that of number partitions[i], an int32
// tensor that data's shape begins with. A number out of range fails when it is run
// (InvalidArgumentError, index_out_of_range).
TENON_API std::vector<Output> dynamic_partition(Input data, Input partitions,
                                                int64_t num_partitions,
                                                const OpOptions& options = {});
// Rows of several tensors put together: row j of data[i] becomes row indices[i][j] of the result,
// which has as many rows as the largest index says. The last of equal indices counts; a row that no
// index names is 0.
TENON_API Output dynamic_stitch(const Inputs& indices, const Inputs& data,
                                const OpOptions& options = {});

struct UniqueOptions {
  DType out_idx = int32;  // or int64
  std::string name = {};
};
struct Unique {
  Output y, idx;
};
// The values of a vector, each once, in the order of their first places; and where in y each
// element is. All NaN are one value.
TENON_API Unique unique(Input x, const UniqueOptions& options = {});
struct UniqueWithCounts {
  Output y, idx, count;
};
TENON_API UniqueWithCounts unique_with_counts(Input x, const UniqueOptions& options = {});

}  // namespace tenon
