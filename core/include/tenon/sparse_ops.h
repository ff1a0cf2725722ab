// Sparse tensors: the elements that aren't 0 and where they stand. What gathers rows of a table by
// them. Gradients that are rows and their numbers: indexed_slices.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/op_arguments.h"
#include "tenon/shape.h"

namespace tenon {

// Element i is values[i] at indices[i] of a tensor of shape dense_shape. Most operations want the
// indices in row-major order (sparse_reorder), each once.
class TENON_API SparseTensor {
 public:
  // indices [n, rank] of int64, values [n], dense_shape [rank] of int64. Throws ValueError
  // (shape_incompatible) where these don't fit each other.
  SparseTensor(Input indices, Input values, Integers dense_shape);

  const Output& indices() const noexcept { return indices_; }
  const Output& values() const noexcept { return values_; }
  const Output& dense_shape() const noexcept { return dense_shape_; }
  DType dtype() const { return values_.dtype(); }
  Shape shape() const;  // what is known of it

 private:
  Output indices_, values_, dense_shape_;
};

struct SparseToDenseOptions {
  Input default_value = 0;
  // Whether indices that come twice, or aren't in order, fail when it is run (InvalidArgumentError,
  // index_out_of_range), as those out of range do.
  bool validate_indices = true;
  std::string name = {};
};
TENON_API Output sparse_tensor_to_dense(const SparseTensor& sparse,
                                        const SparseToDenseOptions& options = {},
                                        Location where = Location::current());
// indices [n, rank], [n] or one number; values [n], or one number for all.
TENON_API Output sparse_to_dense(Input sparse_indices, Integers output_shape, Input sparse_values,
                                 const SparseToDenseOptions& options = {});

struct SparseMatmulOptions {
  bool adjoint_a = false, adjoint_b = false;  // transposed
  std::string name = {};
};
// A sparse matrix times a dense one.
TENON_API Output sparse_tensor_dense_matmul(const SparseTensor& a, Input b,
                                            const SparseMatmulOptions& options = {});

struct SparseReduceOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Axes axis = {};  // left out: all of them
  bool keepdims = false;
  std::string name = {};
};
TENON_API Output sparse_reduce_sum(const SparseTensor& sparse,
                                   const SparseReduceOptions& options = {},
                                   Location where = Location::current());
template <internal::AxesArgument T>
Output sparse_reduce_sum(const SparseTensor& sparse, const T& axis,
                         SparseReduceOptions options = {}, Location where = Location::current()) {
  options.axis = axis;
  return sparse_reduce_sum(sparse, options, where);
}
// Of sparse tensors of one shape: what stands at one place in both is added.
TENON_API SparseTensor sparse_add(const SparseTensor& a, const SparseTensor& b,
                                  const OpOptions& options = {},
                                  Location where = Location::current());
TENON_API Output sparse_add(const SparseTensor& a, Input b, const OpOptions& options = {});
// In row-major order.
TENON_API SparseTensor sparse_reorder(const SparseTensor& sparse, const OpOptions& options = {},
                                      Location where = Location::current());
struct SparseTransposeOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Axes perm = {};  // left out: reversed
  std::string name = {};
};
TENON_API SparseTensor sparse_transpose(const SparseTensor& sparse,
                                        const SparseTransposeOptions& options = {},
                                        Location where = Location::current());
template <internal::AxesArgument T>
SparseTensor sparse_transpose(const SparseTensor& sparse, const T& perm,
                              SparseTransposeOptions options = {},
                              Location where = Location::current()) {
  options.perm = perm;
  return sparse_transpose(sparse, options, where);
}
// The elements for which to_retain [n] is true.
TENON_API SparseTensor sparse_retain(const SparseTensor& sparse, Input to_retain,
                                     const OpOptions& options = {});
struct FilledRows {
  SparseTensor sparse;
  Output empty_row_indicator;  // bool [rows]
};
// Rows without elements get one of that value, in their first column.
TENON_API FilledRows sparse_fill_empty_rows(const SparseTensor& sparse, Input default_value,
                                            const OpOptions& options = {});

// A gradient of `like` that is `values` [n, ...] in its rows `indices` [n] and 0 elsewhere. An
// optimizer changes those rows; who reads it reads a dense tensor, where rows that come twice are
// summed.
TENON_API Output indexed_slices(Input values, Input indices, Input like,
                                const OpOptions& options = {});

namespace nn {

struct EmbeddingLookupSparseOptions {
  std::optional<SparseTensor> weights = {};  // left out: ones; with the same indices as the ids
  std::string partition_strategy = "mod";    // or "div"
  std::string combiner = "mean";       // "sum", "sqrtn": divided by the root of squared weights
  std::optional<Input> max_norm = {};  // rows of a larger 2-norm are scaled down to it
  std::string name = {};
};
// For each row of sparse ids [rows, columns] the rows of params that it names, combined: [last
// row with ids + 1, ...]. Of rows without ids it is 0. Throws ValueError (bad_argument) for another
// combiner.
TENON_API Output embedding_lookup_sparse(const Inputs& params, const SparseTensor& ids,
                                         const EmbeddingLookupSparseOptions& options = {});
// The same for all rows. Ids below 0, and weights that aren't positive unless the combiner is
// "sum", are left out; rows without ids are 0, or row default_id. The strategy is "div" unless
// another is said.
struct SafeEmbeddingOptions : EmbeddingLookupSparseOptions {
  SafeEmbeddingOptions() { partition_strategy = "div"; }
  std::optional<int64_t> default_id = {};
};
TENON_API Output safe_embedding_lookup_sparse(const Inputs& params, const SparseTensor& ids,
                                              const SafeEmbeddingOptions& options = {});

}  // namespace nn
}  // namespace tenon
