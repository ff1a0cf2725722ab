// Reversals, masks of sequences, bands and diagonals, sorting: made of other operations.

#include <type_traits>

#include "core/base/check.h"
#include "core/graph/shape_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"
#include "core/tensor/element_types.h"
#include "tenon/nn.h"
#include "tenon/ops.h"

namespace tenon {
namespace internal {

// This file defines no operation of its own.
void register_array_arrange(OpRegistry&) {}

namespace {

int known_rank(const Output& tensor, const char* what) {
  const Shape shape = tensor.shape();
  require<UnimplementedError>(shape.has_rank(), ErrorKind::bad_argument, what,
                              " needs to know the rank of its input");
  return shape.rank();
}

// The axes in their order, but that these two come first.
std::vector<int64_t> with_first(int first, int second, int rank) {
  std::vector<int64_t> perm = {first, second};
  for (int axis = 0; axis < rank; ++axis) {
    if (axis != first && axis != second) perm.push_back(axis);
  }
  return perm;
}

std::vector<int64_t> inverse_of(const std::vector<int64_t>& perm) {
  std::vector<int64_t> inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) {
    inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  }
  return inverse;
}

// Of matrices, the number of the row less that of the column: [M, N].
Output below_diagonal(const Output& matrices) {
  const int rank = matrices.shape().rank();
  return subtract(expand_dims(range(size_along(matrices, rank - 2)), 1),
                  range(size_along(matrices, rank - 1)));
}

// Numbers that are larger where these are smaller.
Output opposite(const Output& values) {
  const DType dtype = values.dtype();
  if (!is_integer(dtype)) return negative(values);
  // Of signed integers the lowest has no negative; -1 is the largest of unsigned ones.
  const Tensor highest = with_element_type(dtype, []<typename T>(const T&) {
    if constexpr (std::is_integral_v<T>) return Tensor(static_cast<T>(-1));
    return Tensor();
  });
  return subtract(highest, values);
}

// Of each line along the axis the elements in order; they, or where they come from, are taken.
Output sorted(const Input& input, const SortOptions& options, bool places, const char* name) {
  require<ValueError>(options.direction == "ASCENDING" || options.direction == "DESCENDING",
                      ErrorKind::bad_argument, "Unknown direction \"", options.direction,
                      "\": must be ASCENDING or DESCENDING");
  const OpScope scope(options.name, name, {input});
  Output values = as_output(input, "values");
  const int rank = known_rank(values, "sort");
  const int axis = resolve_axis(options.axis, rank);
  std::vector<int64_t> perm;
  for (int i = 0; i < rank; ++i) {
    if (i != axis) perm.push_back(i);
  }
  perm.push_back(axis);
  const bool is_last = axis == rank - 1;
  if (!is_last) values = transpose(values, {.perm = perm});
  const bool ascending = options.direction == "ASCENDING";
  const nn::TopK all =
      nn::top_k(ascending ? opposite(values) : values, {.k = size_along(values, rank - 1)});
  Output result = all.indices;
  if (!places) result = ascending ? opposite(all.values) : all.values;
  if (!is_last) result = transpose(result, {.perm = inverse_of(perm)});
  return identity(result, {.name = scope.name()});
}

}  // namespace
}  // namespace internal

using internal::as_output;
using internal::known_rank;
using internal::OpScope;
using internal::require;

Output reverse(Input tensor, const Axes& axis, const OpOptions& options) {
  const OpScope scope(options.name, "ReverseV2", {tensor});
  const Output x = as_output(tensor, "tensor");
  const int rank = known_rank(x, "reverse");
  const std::vector<int64_t> nowhere(static_cast<size_t>(rank), 0);
  StridedSliceOptions how{.strides = std::vector<int64_t>(static_cast<size_t>(rank), 1)};
  for (const int64_t one : axis.given() ? axis.list() : std::vector<int64_t>{}) {
    int64_t& stride = how.strides[static_cast<size_t>(internal::resolve_axis(one, rank))];
    require<ValueError>(stride == 1, ErrorKind::bad_argument, "axis ", one,
                        " is specified more than once");
    stride = -1;
  }
  how.begin_mask = how.end_mask = (int64_t{1} << rank) - 1;
  how.name = scope.name();
  return strided_slice(x, nowhere, nowhere, how);
}

Output reverse_sequence(Input input, Input seq_lengths, const ReverseSequenceOptions& options) {
  const OpScope scope(options.name, "ReverseSequence", {input, seq_lengths});
  const Output x = as_output(input, "input"), lengths = as_output(seq_lengths, "seq_lengths");
  const int rank = known_rank(x, "reverse_sequence");
  const int time = internal::resolve_axis(options.seq_axis, rank, "seq_axis"),
            batch = internal::resolve_axis(options.batch_axis, rank, "batch_axis");
  require<ValueError>(time != batch, ErrorKind::bad_argument,
                      "batch_axis == seq_axis == ", options.seq_axis);
  const Shape count = internal::with_rank(lengths.shape(), 1, "seq_lengths");
  internal::merge_sizes(count[0], x.shape()[batch], "seq_lengths and the batch", count, x.shape());
  const std::vector<int64_t> perm = internal::with_first(batch, time, rank);
  const Output rows = transpose(x, {.perm = perm});
  const Output wide = expand_dims(cast(lengths, int64), 1);
  const Output steps = range(cast(as_output(internal::size_along(rows, 1)), int64));
  const Output turned = internal::add_output(
      "SelectV2", {less(steps, wide), subtract(subtract(wide, 1), steps), steps});
  const Output numbers =
      expand_dims(range(cast(as_output(internal::size_along(rows, 0)), int64)), 1);
  const Output places = stack({add(numbers, zeros_like(turned)), turned}, {.axis = 2});
  // Sizes that come back through operations are known to the run alone; the result has the input's.
  const Output back = transpose(gather_nd(rows, places), {.perm = internal::inverse_of(perm)});
  return internal::add_output("Identity", {back}, {.name = scope.name(), .shape = x.shape()});
}

Output sequence_mask(Input lengths, const SequenceMaskOptions& options) {
  const OpScope scope(options.name, "SequenceMask", {lengths});
  const Output numbers = as_output(lengths, "lengths");
  require<TypeError>(is_integer(numbers.dtype()), ErrorKind::dtype_incompatible,
                     "lengths must be integers, not ", numbers.dtype());
  const Output limit = options.maxlen ? cast(as_output(*options.maxlen, "maxlen"), numbers.dtype())
                                      : maximum(reduce_max(numbers), 0);
  const Output mask = less(range(limit), expand_dims(numbers, -1));
  return identity(cast(mask, options.dtype), {.name = scope.name()});
}

Output matrix_band_part(Input input, int64_t num_lower, int64_t num_upper,
                        const OpOptions& options) {
  const OpScope scope(options.name, "MatrixBandPart", {input});
  const Output x = as_output(input, "input");
  require<ValueError>(known_rank(x, "matrix_band_part") >= 2, ErrorKind::shape_incompatible,
                      "input must be at least 2-dim, received shape: ", x.shape());
  const Output below = internal::below_diagonal(x);
  Output inside = greater_equal(below, below);
  if (num_lower >= 0) inside = less_equal(below, num_lower);
  if (num_upper >= 0) inside = logical_and(inside, greater_equal(below, -num_upper));
  return internal::add_output("SelectV2", {inside, x, zeros_like(x)}, {.name = scope.name()});
}

Output matrix_set_diag(Input input, Input diagonal, const OpOptions& options) {
  const OpScope scope(options.name, "MatrixSetDiag", {input, diagonal});
  const Output x = as_output(input, "input"), d = as_output(diagonal, "diagonal");
  const int rank = known_rank(x, "matrix_set_diag");
  require<ValueError>(rank >= 2, ErrorKind::shape_incompatible,
                      "input must be at least 2-dim, received shape: ", x.shape());
  const Shape shape = x.shape();
  const bool known = shape[-2] >= 0 && shape[-1] >= 0, wide = known && shape[-2] <= shape[-1];
  Shape wanted = internal::subshape(shape, 0, rank - 1);
  wanted[rank - 2] = !known ? kUnknown : wide ? shape[-2] : shape[-1];
  require<ValueError>(d.shape().compatible_with(wanted), ErrorKind::shape_incompatible,
                      "diagonal has shape ", d.shape(), ", but must have shape ", wanted);
  Output beside = known ? expand_dims(d, wide ? -1 : -2) : Output();
  if (!known) {  // to each row what its diagonal is, or anything where it has none
    const Output last = subtract(internal::size_along(d, rank - 2), 1);
    const Output rows = minimum(range(internal::size_along(x, rank - 2)), last);
    beside = expand_dims(gather(d, rows, {.axis = rank - 2}), -1);
  }
  const Output on_diagonal = equal(internal::below_diagonal(x), 0);
  return internal::add_output("SelectV2", {on_diagonal, beside, x}, {.name = scope.name()});
}

Output diag(Input diagonal, const OpOptions& options) {
  const OpScope scope(options.name, "Diag", {diagonal});
  const Output x = as_output(diagonal, "diagonal");
  std::vector<Input> sizes;
  for (const int twice : {0, 1}) {
    static_cast<void>(twice);
    internal::append_sizes(sizes, x, 0, known_rank(x, "diag"));
  }
  return reshape(matrix_diag(reshape(x, {-1})), internal::integers_of(sizes),
                 {.name = scope.name()});
}

Output diag_part(Input input, const OpOptions& options) {
  const OpScope scope(options.name, "DiagPart", {input});
  const Output x = as_output(input, "input");
  const int rank = known_rank(x, "diag_part"), half = rank / 2;
  const Shape shape = x.shape();
  require<ValueError>(rank > 0 && rank % 2 == 0, ErrorKind::shape_incompatible,
                      "Input must have even and non-zero rank, got shape ", shape);
  const Shape first = internal::subshape(shape, 0, half),
              second = internal::subshape(shape, half, rank);
  require<ValueError>(first.compatible_with(second), ErrorKind::shape_incompatible,
                      "The halves of the shape must be equal: ", shape);
  std::vector<Input> sizes;
  internal::append_sizes(sizes, x, 0, half);
  const Output rows = internal::with_one_first_axis(x, half);
  const Output count = strided_slice(tenon::shape(rows), {0}, {1});
  const Output matrix = reshape(rows, concat({count, count}, 0));
  return reshape(matrix_diag_part(matrix), internal::integers_of(sizes), {.name = scope.name()});
}

Output sort(Input values, const SortOptions& options) {
  return internal::sorted(values, options, false, "sort");
}
Output argsort(Input values, const SortOptions& options) {
  return internal::sorted(values, options, true, "argsort");
}

Output random_shuffle(Input value, const RandomShuffleOptions& options) {
  const OpScope scope(options.name, "RandomShuffle", {value});
  const Output x = as_output(value, "value");
  const Output count = strided_slice(shape(x), {0}, {1});
  const Output keys = random_uniform(count, {.dtype = float64, .seed = options.seed});
  return gather(x, nn::top_k(keys, {.k = reshape(count, Integers())}).indices,
                {.name = scope.name()});
}

Output multinomial(Input logits, int64_t num_samples, const MultinomialOptions& options) {
  const OpScope scope(options.name, "multinomial", {logits});
  const Output rows = as_output(logits, "logits");
  internal::with_rank(rows.shape(), 2, "logits");
  require<ValueError>(num_samples >= 0, ErrorKind::bad_argument,
                      "num_samples should be nonnegative, got ", num_samples);
  require<TypeError>(is_integer(options.output_dtype), ErrorKind::dtype_incompatible,
                     "Classes are integers, not ", options.output_dtype);
  // A number below the sum of all probabilities: the class is that of the first sum above it.
  const Output sums = cumsum(nn::softmax(cast(rows, float64)), {.axis = 1});
  const Output total = strided_slice(sums, {0, -1}, {0, 0}, {.begin_mask = 1, .end_mask = 3});
  const Output draws = random_uniform({internal::size_along(rows, 0), num_samples},
                                      {.dtype = float64, .seed = options.seed});
  const Output passed = greater_equal(expand_dims(draws * total, 2), expand_dims(sums, 1));
  return reduce_sum(cast(passed, options.output_dtype), {.axis = {2}, .name = scope.name()});
}

}  // namespace tenon
