// Rows of tables by their numbers: embedding_lookup and those by sparse ids, made of gathers.

#include <algorithm>

#include "core/base/check.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"
#include "core/ops/sparse_rules.h"
#include "tenon/nn.h"
#include "tenon/ops.h"
#include "tenon/sparse_ops.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_nn_embedding(OpRegistry&) {}

namespace {

// Of a table in several parts: each part answers for its own ids, put back in their order.
Output lookup_in_parts(const std::vector<Input>& params, const Output& ids, bool mod_strategy) {
  const auto parts = static_cast<int64_t>(params.size());
  const Output flat = reshape(ids, {-1});
  Output part, row;
  std::vector<Output> tables;
  for (const Input& table : params) tables.push_back(as_output(table, "params"));
  if (mod_strategy) {
    part = mod(flat, parts);
    row = floordiv(flat, parts);
  } else {
    int64_t rows = 0;
    for (const Output& table : tables) {
      const int64_t size = table.shape().has_rank() ? table.shape()[0] : kUnknown;
      require<ValueError>(size >= 0, ErrorKind::no_shape,
                          "Every part of a table needs a known number of rows for \"div\"");
      rows += size;
    }
    // The first parts are one row longer where they don't divide evenly. The first and the last one
    // are asked for ids that no part has, which fails there.
    const int64_t each = rows / parts, longer = rows % parts;
    const Output counted =
        maximum(floordiv(flat, each + 1), floordiv(flat - longer, std::max(each, int64_t{1})));
    part = maximum(minimum(counted, parts - 1), 0);
    row = flat - (part * each + minimum(part, longer));
  }
  std::vector<Input> found, order;
  for (int64_t i = 0; i < parts; ++i) {
    const Output mine = squeeze(where(equal(part, i)), {.axis = {1}});
    found.push_back(gather(tables[static_cast<size_t>(i)], gather(row, mine)));
    order.push_back(cast(mine, int64));
  }
  const Output positions = concat(order, 0), rows = concat(found, 0);
  // positions[k] is where row k belongs: its inverse says which row comes at each place.
  const Output sorted = gather(rows, add_output("InvertPermutation", {positions}));
  const Shape row_shape = tables[0].shape();
  std::vector<Input> sizes;
  append_sizes(sizes, ids, 0, ids.shape().rank());
  append_sizes(sizes, tables[0], 1, row_shape.rank());
  return reshape(sorted, integers_of(sizes));
}

std::vector<Input> parts_of(const Inputs& params) {
  std::vector<Input> tables;
  for (const Input& table : params) {
    for (const Input& part : table.parts()) tables.push_back(part);
  }
  return tables;
}

// Rows of a larger 2-norm scaled down to it.
Output with_norm(const Output& rows, const std::optional<Input>& max_norm, int ids_rank) {
  if (!max_norm) return rows;
  std::vector<int64_t> axes;
  for (int axis = ids_rank; axis < rows.shape().rank(); ++axis) axes.push_back(axis);
  return clip_by_norm(rows, *max_norm, {.axes = axes});
}

// A number for each row of `rows`, beside its elements.
Output beside_rows(const Output& numbers, const Output& rows) {
  std::vector<int64_t> sizes(static_cast<size_t>(std::max(rows.shape().rank(), 1)), 1);
  sizes[0] = -1;
  return reshape(numbers, sizes);
}

void check_combiner(const std::string& combiner) {
  require<ValueError>(combiner == "mean" || combiner == "sqrtn" || combiner == "sum",
                      ErrorKind::bad_argument,
                      "combiner must be one of 'mean', 'sqrtn' or 'sum', got ", combiner);
}

// The rows that were found for ids, combined by the rows of the ids.
Output combined(const Output& found, const Output& rows,
                const nn::EmbeddingLookupSparseOptions& options) {
  if (!options.weights) {
    if (options.combiner == "sum") return segment_sum(found, rows);
    if (options.combiner == "mean") return segment_mean(found, rows);
    const Output count = segment_sum(ones_like(rows, {.dtype = found.dtype()}), rows);
    const Output sums = segment_sum(found, rows);
    return sums / sqrt(maximum(beside_rows(count, sums), 1));
  }
  const Output weights = cast(options.weights->values(), found.dtype());
  const Output sums = segment_sum(found * beside_rows(weights, found), rows);
  if (options.combiner == "sum") return sums;
  const Output divisor = options.combiner == "mean" ? segment_sum(weights, rows)
                                                    : sqrt(segment_sum(square(weights), rows));
  return div_no_nan(sums, beside_rows(divisor, sums));
}

void check_weights(const SparseTensor& ids, const std::optional<SparseTensor>& weights) {
  if (!weights) return;
  require<TypeError>(is_floating(weights->dtype()), ErrorKind::dtype_incompatible,
                     "weights of a lookup must be floating, not ", weights->dtype());
  const bool fits = weights->values().shape().compatible_with(ids.values().shape()) &&
                    weights->indices().shape().compatible_with(ids.indices().shape()) &&
                    weights->dense_shape().shape().compatible_with(ids.dense_shape().shape());
  require<ValueError>(fits, ErrorKind::shape_incompatible, "weights have shape ",
                      weights->values().shape(), ", the ids ", ids.values().shape());
}

std::vector<Input> all_inputs_of(const std::vector<Input>& tables, const SparseTensor& ids) {
  std::vector<Input> all = tables;
  const std::vector<Input> of_ids = inputs_of(ids);
  all.insert(all.end(), of_ids.begin(), of_ids.end());
  return all;
}

}  // namespace
}  // namespace internal

using internal::OpScope;
using internal::require;

Output nn::embedding_lookup(Input params, Input ids, const EmbeddingLookupOptions& options) {
  return embedding_lookup(Inputs{params}, ids, options);
}

Output nn::embedding_lookup(const Inputs& params, Input ids,
                            const EmbeddingLookupOptions& options) {
  require<ValueError>(!params.empty(), ErrorKind::bad_argument, "params must be non-empty");
  const bool mod_strategy = options.partition_strategy == "mod";
  require<ValueError>(mod_strategy || options.partition_strategy == "div", ErrorKind::bad_argument,
                      "Unrecognized partition strategy: ", options.partition_strategy);
  const std::vector<Input> tables = internal::parts_of(params);
  std::vector<Input> all = tables;
  all.push_back(ids);
  const OpScope scope(options.name, "embedding_lookup", all);
  const Output numbers = internal::as_output(ids, "ids");
  const Output rows = tables.size() == 1 ? gather(tables[0], numbers)
                                         : internal::lookup_in_parts(tables, numbers, mod_strategy);
  return identity(internal::with_norm(rows, options.max_norm, numbers.shape().rank()),
                  {.name = scope.name()});
}

Output nn::embedding_lookup_sparse(const Inputs& params, const SparseTensor& ids,
                                   const EmbeddingLookupSparseOptions& options) {
  internal::check_combiner(options.combiner);
  require<ValueError>(!params.empty(), ErrorKind::bad_argument, "params must be non-empty");
  const std::vector<Input> tables = internal::parts_of(params);
  const OpScope scope(options.name, "embedding_lookup_sparse",
                      internal::all_inputs_of(tables, ids));
  internal::check_weights(ids, options.weights);
  const Output found = embedding_lookup(
      tables, ids.values(),
      {.partition_strategy = options.partition_strategy, .max_norm = options.max_norm});
  return identity(internal::combined(found, internal::column(ids, 0), options),
                  {.name = scope.name()});
}

Output nn::safe_embedding_lookup_sparse(const Inputs& params, const SparseTensor& ids,
                                        const SafeEmbeddingOptions& options) {
  internal::check_combiner(options.combiner);
  require<ValueError>(!params.empty(), ErrorKind::bad_argument, "params must be non-empty");
  const std::vector<Input> tables = internal::parts_of(params);
  const OpScope scope(options.name, "embedding_lookup", internal::all_inputs_of(tables, ids));
  internal::check_weights(ids, options.weights);
  const Shape shape = ids.shape();
  require<UnimplementedError>(internal::rank_of(ids) == 2, ErrorKind::bad_argument,
                              "safe_embedding_lookup_sparse takes ids of rank 2, not of shape ",
                              shape);
  Output kept = greater_equal(ids.values(), 0);
  if (options.weights && options.combiner != "sum") {
    kept = logical_and(kept, greater(options.weights->values(), 0));
  }
  EmbeddingLookupSparseOptions filled = options;
  filled.name = {};
  const FilledRows rows =
      sparse_fill_empty_rows(sparse_retain(ids, kept), options.default_id.value_or(0));
  if (options.weights) {
    filled.weights = sparse_fill_empty_rows(sparse_retain(*options.weights, kept), 1.0).sparse;
  }
  Output result = embedding_lookup_sparse(tables, rows.sparse, filled);
  if (!options.default_id) {
    require<ValueError>(result.shape().rank() != 1, ErrorKind::index_out_of_range,
                        "safe_embedding_lookup_sparse without a default_id needs rows of a table, ",
                        "and has a vector: slice index 1 of dimension 0 out of bounds");
    const Output is_empty = internal::beside_rows(rows.empty_row_indicator, result);
    result = internal::add_output("SelectV2", {is_empty, Input(0), result});
  }
  result = identity(result, {.name = scope.name()});
  if (shape.has_rank() && result.shape().has_rank()) {
    Shape known = result.shape();
    known[0] = shape[0];
    result.set_shape(known);
  }
  return result;
}

}  // namespace tenon
