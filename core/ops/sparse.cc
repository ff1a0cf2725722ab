// Sparse tensors, made of gathers, segments and sorts.

#include "tenon/sparse_ops.h"

#include <algorithm>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/shape_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"
#include "core/ops/sparse_rules.h"
#include "tenon/nn.h"
#include "tenon/ops.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_sparse(OpRegistry&) {}

namespace {

Output as_int64(const Input& input, const char* name) {
  const Output given = as_output(input, name, input.is_weak() ? int64 : DType::invalid);
  return cast(given, int64);
}

Shape shape_said_by(const Output& sizes) {
  return constant_value_as_shape({sizes.op().node(), sizes.index()});
}

Output places_of_indices(const Output& indices, const Output& sizes, bool ordered = false) {
  return add_output("_LinearIndices", {indices, sizes}, {.attrs = {{"ordered", ordered}}});
}

// Where elements go when their numbers are put in order; equals keep theirs.
Output order_of(const Output& numbers) {
  return nn::top_k(negative(numbers), {.k = size(numbers)}).indices;
}

SparseTensor taken(const SparseTensor& sparse, const Output& places) {
  return {gather(sparse.indices(), places), gather(sparse.values(), places), sparse.dense_shape()};
}

SparseTensor ordered(const SparseTensor& sparse) {
  return taken(sparse, order_of(places_of_indices(sparse.indices(), sparse.dense_shape())));
}

Output size_of_axis(const SparseTensor& sparse, int64_t axis) {
  return strided_slice(sparse.dense_shape(), {axis}, {axis + 1}, {.shrink_axis_mask = 1});
}

void require_rank(const SparseTensor& sparse, int rank, const char* what) {
  const Shape shape = sparse.shape();
  require<ValueError>(!shape.has_rank() || shape.rank() == rank, ErrorKind::shape_incompatible,
                      what, " takes a sparse tensor of rank ", rank, ", not of shape ", shape);
}

}  // namespace
}  // namespace internal

using internal::as_output;
using internal::CallerLine;
using internal::OpScope;
using internal::require;

SparseTensor::SparseTensor(Input indices, Input values, Integers dense_shape) {
  const CallerLine line(indices.where());
  std::vector<Input> all = dense_shape.tensors();
  all.push_back(indices);
  all.push_back(values);
  const OpScope scope({}, "SparseTensor", all);
  indices_ = internal::as_int64(indices, "indices");
  values_ = as_output(values, "values");
  dense_shape_ = internal::as_int64(dense_shape.as_input(), "dense_shape");
  const Shape at = internal::with_rank(indices_.shape(), 2, "indices");
  const Shape of = internal::with_rank(values_.shape(), 1, "values");
  const Shape sizes = internal::with_rank(dense_shape_.shape(), 1, "dense_shape");
  internal::merge_sizes(at[0], of[0], "indices and values of a sparse tensor", at, of);
  internal::merge_sizes(at[1], sizes[0], "indices and dense_shape of a sparse tensor", at, sizes);
}

Shape SparseTensor::shape() const { return internal::shape_said_by(dense_shape_); }

Output sparse_to_dense(Input sparse_indices, Integers output_shape, Input sparse_values,
                       const SparseToDenseOptions& options) {
  const OpScope scope(options.name, "SparseToDense", {sparse_indices, sparse_values});
  const Output given = as_output(sparse_indices, "sparse_indices"),
               values = as_output(sparse_values, "sparse_values"),
               sizes = internal::as_int64(output_shape.as_input(), "output_shape");
  const int rank = given.shape().rank();
  require<ValueError>(rank >= 0 && rank <= 2, ErrorKind::shape_incompatible,
                      "sparse_indices should be a scalar, vector, or matrix, got shape ",
                      given.shape());
  const Output indices = rank == 2 ? given : reshape(given, {-1, 1});
  const Output places = internal::places_of_indices(indices, sizes, options.validate_indices);
  // Behind the values stands the default, for all places that none is for.
  const Output count = size(places, {.out_type = int64});
  const Output all = values.shape().rank() == 0 ? fill(stack({count}), values) : values;
  const Output otherwise =
      as_output(options.default_value, "default_value",
                options.default_value.is_weak() ? values.dtype() : DType::invalid);
  const Output with_default = concat({all, reshape(otherwise, {1})}, 0);
  const Output last = unsorted_segment_max(range(count), places, reduce_prod(sizes));
  const Output chosen = internal::add_output("SelectV2", {greater_equal(last, 0), last, count});
  return reshape(gather(with_default, chosen), sizes, {.name = scope.name()});
}

Output sparse_tensor_to_dense(const SparseTensor& sparse, const SparseToDenseOptions& options,
                              Location where) {
  const internal::CallerLine line(where);
  return sparse_to_dense(sparse.indices(), sparse.dense_shape(), sparse.values(), options);
}

Output sparse_tensor_dense_matmul(const SparseTensor& a, Input b,
                                  const SparseMatmulOptions& options) {
  std::vector<Input> all = internal::inputs_of(a);
  all.push_back(b);
  const OpScope scope(options.name, "SparseTensorDenseMatMul", all);
  internal::require_rank(a, 2, "sparse_tensor_dense_matmul");
  const Output given = as_output(b, "b");
  const Shape matrix = internal::with_rank(given.shape(), 2, "b");
  const int64_t rows = options.adjoint_a ? 1 : 0, inner = 1 - rows;
  const Shape sparse = internal::with_rank(a.shape(), 2, "a");
  internal::merge_sizes(sparse[static_cast<int>(inner)], matrix[options.adjoint_b ? 1 : 0],
                        "inner dimensions of a matrix product", sparse, matrix);
  const Output right = options.adjoint_b ? transpose(given) : internal::with_dense_gradient(given);
  const Output products = gather(right, internal::column(a, inner)) * expand_dims(a.values(), 1);
  return unsorted_segment_sum(products, internal::column(a, rows), internal::size_of_axis(a, rows),
                              {.name = scope.name()});
}

Output sparse_reduce_sum(const SparseTensor& sparse, const SparseReduceOptions& options,
                         Location where) {
  const internal::CallerLine line(where);
  const OpScope scope(options.name, "SparseReduceSum", internal::inputs_of(sparse));
  return reduce_sum(scatter_nd(sparse.indices(), sparse.values(), sparse.dense_shape()),
                    {.axis = options.axis, .keepdims = options.keepdims, .name = scope.name()});
}

SparseTensor sparse_add(const SparseTensor& a, const SparseTensor& b, const OpOptions& options,
                        Location where) {
  const internal::CallerLine line(where);
  std::vector<Input> all = internal::inputs_of(a);
  const std::vector<Input> more = internal::inputs_of(b);
  all.insert(all.end(), more.begin(), more.end());
  const OpScope scope(options.name, "SparseAdd", all);
  require<ValueError>(a.shape().compatible_with(b.shape()), ErrorKind::shape_incompatible,
                      "Sparse tensors of shapes ", a.shape(), " and ", b.shape(),
                      " can't be added");
  const SparseTensor both =
      internal::ordered({concat({a.indices(), b.indices()}, 0), concat({a.values(), b.values()}, 0),
                         a.dense_shape()});
  const Output places = internal::places_of_indices(both.indices(), both.dense_shape());
  const Output before = concat({Input(Tensor({int64_t{-1}})), strided_slice(places, {0}, {-1})}, 0);
  // Of nothing there is no last place either.
  const Output starts = not_equal(places, slice(before, {0}, stack({size(places)})));
  const Output ids = subtract(cumsum(cast(starts, int64)), 1);
  return {boolean_mask(both.indices(), starts), segment_sum(both.values(), ids), a.dense_shape()};
}

Output sparse_add(const SparseTensor& a, Input b, const OpOptions& options) {
  std::vector<Input> all = internal::inputs_of(a);
  all.push_back(b);
  const OpScope scope(options.name, "SparseAdd", all);
  return add(scatter_nd(a.indices(), a.values(), a.dense_shape()), b, {.name = scope.name()});
}

SparseTensor sparse_reorder(const SparseTensor& sparse, const OpOptions& options, Location where) {
  const CallerLine line(where);
  const OpScope scope(options.name, "SparseReorder", internal::inputs_of(sparse));
  return internal::ordered(sparse);
}

SparseTensor sparse_transpose(const SparseTensor& sparse, const SparseTransposeOptions& options,
                              Location where) {
  const CallerLine line(where);
  const OpScope scope(options.name, "SparseTranspose", internal::inputs_of(sparse));
  std::vector<int64_t> perm;
  const int64_t rank = internal::rank_of(sparse);
  require<UnimplementedError>(rank >= 0, ErrorKind::bad_argument,
                              "sparse_transpose needs to know the rank");
  if (options.perm.given()) {
    perm = options.perm.list();
  } else {
    for (int64_t axis = rank; axis-- > 0;) perm.push_back(axis);
  }
  std::vector<int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  bool fits = static_cast<int64_t>(perm.size()) == rank;
  for (size_t i = 0; i < sorted.size(); ++i) fits = fits && sorted[i] == static_cast<int64_t>(i);
  require<ValueError>(fits, ErrorKind::shape_incompatible, "(", internal::join(perm),
                      ") is not a permutation of ", rank, " axes");
  const Tensor axes = Tensor::from<int64_t>(perm, {rank});
  return internal::ordered({gather(sparse.indices(), axes, {.axis = 1}), sparse.values(),
                            gather(sparse.dense_shape(), axes)});
}

SparseTensor sparse_retain(const SparseTensor& sparse, Input to_retain, const OpOptions& options) {
  std::vector<Input> all = internal::inputs_of(sparse);
  all.push_back(to_retain);
  const OpScope scope(options.name, "SparseRetain", all);
  const Output mask = as_output(to_retain, "to_retain");
  const Shape shape = internal::with_rank(mask.shape(), 1, "to_retain");
  const Shape of = sparse.values().shape();
  internal::merge_sizes(shape[0], of[0], "to_retain and values", shape, of);
  return internal::taken(sparse, squeeze(where(mask), {.axis = {1}}));
}

FilledRows sparse_fill_empty_rows(const SparseTensor& sparse, Input default_value,
                                  const OpOptions& options) {
  std::vector<Input> all = internal::inputs_of(sparse);
  all.push_back(default_value);
  const OpScope scope(options.name, "SparseFillEmptyRows", all);
  const int64_t rank = internal::rank_of(sparse);
  require<UnimplementedError>(rank >= 1, ErrorKind::bad_argument,
                              "sparse_fill_empty_rows needs to know the rank");
  const Output rows = internal::column(sparse, 0);
  const Output count =
      unsorted_segment_sum(ones_like(rows), rows, internal::size_of_axis(sparse, 0));
  const Output is_empty = equal(count, 0);
  const Output empty = where(is_empty);  // [n, 1]
  const Output places = pad(empty, Tensor::from<int64_t>({0, 0, 0, rank - 1}, {2, 2}));
  const Output value = as_output(default_value, "default_value",
                                 default_value.is_weak() ? sparse.dtype() : DType::invalid);
  const Output values = fill(stack({size(empty)}), value);
  return {internal::ordered({concat({sparse.indices(), places}, 0),
                             concat({sparse.values(), values}, 0), sparse.dense_shape()}),
          is_empty};
}

Output indexed_slices(Input values, Input indices, Input like, const OpOptions& options) {
  const std::string name = options.name.empty() ? "IndexedSlices" : options.name;
  return internal::add_output("_IndexedSlices", {values, indices, like}, {.name = name});
}

}  // namespace tenon
