// gather_nd, scatter_nd, partitions and stitches, made of gathers and segments; Unique. What they
// need besides: _LinearIndices numbers the places that vectors of indices point at,
// _PartitionPlaces lists where a partition's elements are.

#include <algorithm>
#include <optional>

#include "core/base/check.h"
#include "core/kernels/distinction_key.h"
#include "core/ops/argument_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "core/ops/op_scope.h"
#include "core/tensor/element_types.h"
#include "tenon/index_ops.h"

namespace tenon {
namespace internal {
namespace {

// indices [..., K] of a tensor whose first K sizes are dense_shape [K] -> [...].
Shapes linear_indices_shape(const ShapeContext& context) {
  const Shape& indices = with_rank_at_least(context.inputs[0], 1, "indices");
  const Shape sizes = with_rank(context.inputs[1], 1, "dense_shape");
  if (!indices.has_rank()) return {Shape::unknown()};
  merge_sizes(indices.back(), sizes[0], "indices and dense_shape", indices, sizes);
  return {subshape(indices, 0, indices.rank() - 1)};
}

std::vector<int64_t> places_of(const Tensor& partitions, int64_t partition) {
  std::vector<int64_t> places;
  const std::vector<int64_t> numbers = to_integers(partitions);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == partition) places.push_back(static_cast<int64_t>(i));
  }
  return places;
}

// What is known before the run is never looked at by a kernel.
void check_partitions(const ShapeContext& context, const Tensor& partitions) {
  const auto count = context.attrs.get<int64_t>("num_partitions");
  const std::vector<int64_t> numbers = to_integers(partitions);
  for (size_t i = 0; i < numbers.size(); ++i) {
    require<ValueError>(numbers[i] >= 0 && numbers[i] < count, ErrorKind::index_out_of_range,
                        "partitions[", i, "] = ", numbers[i], " is not in [0, ", count, ")");
  }
}

Shapes partition_places_shape(const ShapeContext& context) {
  with_rank(context.inputs[0], 1, "partitions");
  const Tensor known = context.planning() ? context.value(0) : Tensor();
  if (!known) return {Shape{kUnknown}};
  check_partitions(context, known);
  return {Shape{
      static_cast<int64_t>(places_of(known, context.attrs.get<int64_t>("partition")).size())}};
}

std::optional<Tensor> partition_places_value(const ShapeContext& context) {
  const Tensor known = context.value(0);
  if (!known || known.element_count() > kMostElementsFolded) return std::nullopt;
  const std::vector<int64_t> places = places_of(known, context.attrs.get<int64_t>("partition"));
  return integer_tensor(int64, {static_cast<int64_t>(places.size())}, places);
}

int64_t count_distinct(const Tensor& tensor) {
  return with_element_type(tensor.dtype(), [&](auto zero) -> int64_t {
    using T = decltype(zero);
    std::vector<decltype(distinction_key(zero))> keys;
    const T* elements = static_cast<const T*>(tensor.raw());
    for (int64_t i = 0; i < tensor.element_count(); ++i) {
      keys.push_back(distinction_key(elements[i]));
    }
    std::sort(keys.begin(), keys.end());
    return std::unique(keys.begin(), keys.end()) - keys.begin();
  });
}

Shapes unique_shape(const ShapeContext& context) {
  const Shape x = with_rank(context.inputs[0], 1, "x");
  const Tensor known = context.planning() ? context.value(0) : Tensor();
  return {Shape{known ? count_distinct(known) : kUnknown}, x};
}

// The last size of indices, which must be known, and whether the axes of `of` suffice.
int axes_indexed(const Output& indices, int rank, const char* what) {
  const Shape shape = with_rank_at_least(indices.shape(), 1, "indices");
  require<UnimplementedError>(shape.has_rank() && shape.back() >= 0, ErrorKind::bad_argument, what,
                              " needs to know the last size of indices, whose shape is ", shape);
  require<ValueError>(rank < 0 || shape.back() <= rank, ErrorKind::shape_incompatible,
                      "indices.shape[-1] must be <= the rank ", rank, ", but is ", shape.back());
  return static_cast<int>(shape.back());
}

Output linear_indices(const Output& indices, const Output& sizes) {
  return add_output("_LinearIndices", {indices, sizes});
}

// Of data [...partitions' axes, the others], and the numbers that say where each row goes.
void check_prefix(const Shape& data, const Shape& prefix, const char* data_name,
                  const char* prefix_name) {
  const bool known = data.has_rank() && prefix.has_rank();
  const bool fits = !known || (prefix.rank() <= data.rank() &&
                               subshape(data, 0, prefix.rank()).compatible_with(prefix));
  require<ValueError>(fits, ErrorKind::shape_incompatible, data_name, " must have shape ",
                      prefix_name, ".shape + rest, but the shapes are ", data, " and ", prefix);
  require<UnimplementedError>(known, ErrorKind::bad_argument, "The ranks of ", data_name, " and ",
                              prefix_name, " must be known");
}

// The numbers of all lists where the graph says all of them.
std::optional<std::vector<int64_t>> all_known(const std::vector<Output>& lists) {
  std::vector<int64_t> all;
  for (const Output& list : lists) {
    const auto numbers = known_integers(list);
    if (!numbers) return std::nullopt;
    all.insert(all.end(), numbers->begin(), numbers->end());
  }
  return all;
}

// The numbers of rows as a vector. Where only the run knows how many of one there are, it finds out
// here that the others are as many.
Output as_places(const Output& at, const Output& rows) {
  const bool fit = at.shape().rank() == 1 && at.shape()[0] >= 0 && rows.shape()[0] >= 0;
  return fit ? at : reshape(at, integers_of({size_along(rows, 0)}));
}

}  // namespace

void register_array_index(OpRegistry& ops) {
  ops.add({.name = "_LinearIndices",
           .inputs = {"indices: Tindices", "dense_shape: Tshape"},
           .outputs = {"places: int64"},
           .defaults = {{"ordered", false}},
           .types = {{"Tindices", kIndices}, {"Tshape", kIndices}},
           .shape = linear_indices_shape,
           .differentiable = false});
  ops.add({.name = "_PartitionPlaces",
           .inputs = {"partitions: int32"},
           .outputs = {"places: int64"},
           .shape = partition_places_shape,
           .differentiable = false,
           .value = partition_places_value,
           .needs_value = {0}});
  std::vector<DType> types = kNumbers;
  types.push_back(bool_);
  types.push_back(DType::string);
  ops.add({.name = "Unique",
           .inputs = {"x: T"},
           .outputs = {"y: T", "idx: out_idx"},
           .defaults = {{"out_idx", int32}},
           .types = {{"T", types}, {"out_idx", kIndices}},
           .shape = unique_shape,
           .differentiable = false,
           .needs_value = {0}});
}

}  // namespace internal

using internal::as_output;
using internal::OpScope;
using internal::require;

Output gather_nd(Input params, Input indices, const OpOptions& options) {
  const OpScope scope(options.name, "GatherNd", {params, indices});
  const Output from = as_output(params, "params"), at = as_output(indices, "indices");
  const int rank = from.shape().rank();
  const int axes = internal::axes_indexed(at, rank, "gather_nd");
  // Along the first axis alone the gradient stays sparse.
  if (axes == 1) {
    const Output rows = squeeze(at, {.axis = {-1}});
    const bool of_resource = params.is_variable() && from.op().type() == "ReadVariableOp";
    if (!of_resource || at.shape().rank() != 2) return gather(from, rows, {.name = scope.name()});
    return internal::add_output("GatherV2", {from, rows, Input(0)},
                                {.name = scope.name(), .attrs = {{internal::kLateRows, true}}});
  }
  require<UnimplementedError>(rank >= 0, ErrorKind::bad_argument,
                              "gather_nd needs to know the rank of params");
  const Output sizes = strided_slice(shape(from, {.out_type = int64}), {0}, {axes});
  return gather(internal::with_one_first_axis(from, axes), internal::linear_indices(at, sizes),
                {.name = scope.name()});
}

Output scatter_nd(Input indices, Input updates, Integers shape, const OpOptions& options) {
  const OpScope scope(options.name, "ScatterNd", {indices, updates});
  const Output at = as_output(indices, "indices"), rows = as_output(updates, "updates");
  const Output whole = as_output(shape.as_input(), "shape", shape.known() ? int64 : DType::invalid);
  const Shape to = internal::constant_value_as_shape({whole.op().node(), whole.index()});
  const int axes = internal::axes_indexed(at, to.rank(), "scatter_nd");
  if (to.has_rank()) {
    const Shape wanted =
        internal::concatenated(internal::subshape(at.shape(), 0, at.shape().rank() - 1),
                               internal::subshape(to, axes, to.rank()));
    require<ValueError>(rows.shape().compatible_with(wanted), ErrorKind::shape_incompatible,
                        "updates have shape ", rows.shape(), ", but must have shape ", wanted,
                        " for indices of shape ", at.shape(), " and shape ", to);
  }
  const Output sizes = strided_slice(whole, {0}, {axes});
  const Output places = reshape(internal::linear_indices(at, sizes), {-1});
  const Output inner = reduce_prod(strided_slice(whole, {axes}, {0}, {.end_mask = 1}));
  const Output flat = reshape(rows, stack({size(places, {.out_type = whole.dtype()}), inner}));
  const Output sums = unsorted_segment_sum(flat, places, reduce_prod(sizes));
  return reshape(sums, whole, {.name = scope.name()});
}

std::vector<Output> dynamic_partition(Input data, Input partitions, int64_t num_partitions,
                                      const OpOptions& options) {
  require<ValueError>(num_partitions > 0, ErrorKind::bad_argument,
                      "num_partitions must be at least 1, but is ", num_partitions);
  const OpScope scope(options.name, "DynamicPartition", {data, partitions});
  const Output rows = as_output(data, "data"), numbers = as_output(partitions, "partitions");
  internal::check_prefix(rows.shape(), numbers.shape(), "data", "partitions");
  const Output flat = internal::with_one_first_axis(rows, numbers.shape().rank());
  const Output flat_numbers = reshape(numbers, {-1});
  std::vector<Output> parts;
  for (int64_t i = 0; i < num_partitions; ++i) {
    const Output places =
        internal::add_output("_PartitionPlaces", {flat_numbers},
                             {.attrs = {{"partition", i}, {"num_partitions", num_partitions}}});
    parts.push_back(gather(flat, places));
  }
  return parts;
}

Output dynamic_stitch(const Inputs& indices, const Inputs& data, const OpOptions& options) {
  require<ValueError>(!data.empty() && indices.size() == data.size(), ErrorKind::bad_argument,
                      "dynamic_stitch needs as many indices as data, and at least one: got ",
                      indices.size(), " and ", data.size());
  std::vector<Input> all(indices.begin(), indices.end());
  all.insert(all.end(), data.begin(), data.end());
  const OpScope scope(options.name, "DynamicStitch", all);
  std::vector<Output> numbers;
  std::vector<Input> places, rows;
  for (size_t i = 0; i < data.size(); ++i) {
    numbers.push_back(as_output(indices[i], "indices"));
    const Output& at = numbers.back();
    const Output from = as_output(data[i], "data");
    internal::check_prefix(from.shape(), at.shape(), "data", "indices");
    const Output flat = internal::with_one_first_axis(from, at.shape().rank());
    places.emplace_back(internal::as_places(at, flat));
    rows.emplace_back(flat);
  }
  Output at = concat(places, 0);
  const Output from = concat(rows, 0);
  const auto known = internal::all_known(numbers);
  int64_t most = -1, least = known ? 0 : -1;
  for (const int64_t number : known.value_or(std::vector<int64_t>())) {
    most = std::max(most, number);
    least = std::min(least, number);
  }
  const Output count =
      known ? as_output(most + 1, "size", int32) : Output(maximum(add(reduce_max(at), 1), 0));
  // The run says which is below zero.
  if (least < 0) at = internal::linear_indices(expand_dims(at, 1), reshape(count, {1}));
  // The last row of each index; before all rows stands one of zeros.
  const Output last = maximum(unsorted_segment_max(range(1, add(size(at), 1)), at, count), 0);
  std::vector<int64_t> paddings(static_cast<size_t>(2 * from.shape().rank()), 0);
  paddings[0] = 1;
  const Output padded =
      pad(from, Tensor::from<int64_t>(paddings, {int64_t{from.shape().rank()}, 2}));
  return gather(padded, last, {.name = scope.name()});
}

Unique unique(Input x, const UniqueOptions& options) {
  const Operation op = internal::add_operation(
      "Unique", {x},
      {.name = options.name, .attrs = {{"out_idx", options.out_idx}}, .where = x.where()});
  return {op.output(0), op.output(1)};
}

UniqueWithCounts unique_with_counts(Input x, const UniqueOptions& options) {
  const OpScope scope(options.name, "UniqueWithCounts", {x});
  const Unique found = unique(x, {.out_idx = options.out_idx});
  const Output count = unsorted_segment_sum(ones_like(found.idx), found.idx, size(found.y));
  return {found.y, found.idx, count};
}

}  // namespace tenon
