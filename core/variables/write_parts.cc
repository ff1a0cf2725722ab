#include "core/variables/write_parts.h"

#include <cstdint>
#include <vector>

#include "core/base/check.h"
#include "core/graph/builder.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"

namespace tenon::internal {
namespace {

std::vector<int64_t> sizes_along(const VariableState& state, int axis) {
  std::vector<int64_t> sizes;
  for (const Variable& part : state.parts) sizes.push_back(part.shape()[axis]);
  return sizes;
}

// Of a literal in the variable's dtype.
Output as_value(const VariableState& state, const Input& value) {
  return as_output(value, "value", value.is_output() ? DType::invalid : state.dtype);
}

// Where the indices are that a part answers for. The first part takes those that are too small as
// well, the last one those that are too large, so that they fail there.
Output places_in(const Output& indices, size_t part, size_t parts, int64_t begin, int64_t end) {
  const Output from = greater_equal(indices, begin), to = less(indices, end);
  const Output mine = part == 0 ? to : part + 1 == parts ? from : logical_and(from, to);
  return squeeze(where(mine), 1);
}

}  // namespace

Output write_parts(const VariableState& state, const Input& value, const WritePart& write) {
  const int axis = state.partition_axis();
  const std::vector<Output> values =
      split(as_value(state, value), sizes_along(state, axis), {.axis = axis});
  std::vector<Output> written;
  for (size_t i = 0; i < values.size(); ++i) {
    written.push_back(write(state.parts[i], Input(values[i])));
  }
  return concat(written, axis);
}

Output scatter_parts(const VariableState& state, const Input& indices, const Input& updates,
                     const ScatterPart& scatter) {
  const int axis = state.partition_axis();
  const std::vector<int64_t> sizes = sizes_along(state, axis);
  const Output at = as_output(indices, "indices"), rows = as_value(state, updates);
  std::vector<Output> written;
  if (sizes.size() == 1) return concat({scatter(state.parts[0], at, rows)}, axis);
  if (axis != 0) {
    require<ValueError>(at.shape().has_rank(), ErrorKind::shape_incompatible,
                        "The indices of rows of the partitioned variable ", state.name,
                        " need a known rank: it is cut along axis ", axis);
    const std::vector<Output> shares = split(rows, sizes, {.axis = at.shape().rank() - 1 + axis});
    for (size_t i = 0; i < shares.size(); ++i) {
      written.push_back(scatter(state.parts[i], at, shares[i]));
    }
    return concat(written, axis);
  }
  const Output flat = reshape(at, {-1});
  std::vector<Input> row_shape = {size(flat)};
  for (int i = 1; i < state.shape.rank(); ++i) row_shape.emplace_back(state.shape[i]);
  const Output flat_rows = reshape(rows, row_shape);
  int64_t begin = 0;
  for (size_t i = 0; i < sizes.size(); begin += sizes[i++]) {
    const Output places = places_in(flat, i, sizes.size(), begin, begin + sizes[i]);
    const Output local = gather(flat, places) - begin;
    written.push_back(scatter(state.parts[i], local, gather(flat_rows, places)));
  }
  return concat(written, axis);
}

}  // namespace tenon::internal
