// UnsortedSegmentSum and its kin: rows of a tensor joined by numbers that they have. Those of
// sorted numbers are made of them.

#include <algorithm>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "core/ops/argument_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/index_ops.h"

namespace tenon {
namespace internal {
namespace {

constexpr std::string_view kSorted = "_sorted";  // an attribute: whether the ids must be

Shapes segment_shape(const ShapeContext& context) {
  const Shape &data = context.inputs[0], &ids = context.inputs[1];
  const auto count = one_integer(context, 2, "num_segments");
  require<ValueError>(!count || *count >= 0, ErrorKind::bad_argument,
                      "num_segments must be >= 0, but is ", count.value_or(0));
  if (!data.has_rank() || !ids.has_rank()) return {Shape::unknown()};
  const bool fits = ids.rank() <= data.rank() && subshape(data, 0, ids.rank()).compatible_with(ids);
  // As TensorFlow's, those of sorted ids fail when they are run.
  const bool is_sorted = context.attrs.get<bool>(kSorted);
  require<ValueError>(
      fits || !is_sorted || !context.planning(), ErrorKind::shape_incompatible,
      "segment_ids should be the same size as dimension 0 of input, but their shapes are ", ids,
      " and ", data);
  require<ValueError>(fits || is_sorted, ErrorKind::shape_incompatible, "data.shape = ", data,
                      " does not start with segment_ids.shape = ", ids);
  const int rows_begin = std::min(ids.rank(), data.rank());
  return {concatenated(Shape{count.value_or(kUnknown)}, subshape(data, rows_begin, data.rank()))};
}

Shapes segment_count_shape(const ShapeContext& context) {
  with_rank(context.inputs[0], 1, "segment_ids");
  return {Shape{}};
}

// One number for each of the first axes of a tensor of that rank, to stand beside its elements.
Output beside(const Output& numbers, int rank, std::string_view what) {
  const int have = numbers.shape().rank();
  require<UnimplementedError>(rank >= 0 && have >= 0, ErrorKind::bad_argument, what,
                              " need data and segment_ids of known ranks");
  std::vector<Input> sizes;
  for (int axis = 0; axis < have; ++axis) sizes.push_back(size_along(numbers, axis));
  for (int axis = have; axis < rank; ++axis) sizes.emplace_back(int64_t{1});
  return reshape(numbers, integers_of(sizes));
}

struct Gathered {
  Output rows;
  Output counted;  // whether the id isn't negative; beside the rows
};

// Of each element of the data what its segment has, 0 where it has none.
Gathered gather_segments(const Operation& op, const Output& segments) {
  const Output ids = op.input(1);
  const Output counted =
      beside(greater_equal(ids, 0), op.input(0).shape().rank(), "Gradients of segments");
  const Output rows = gather(segments, maximum(ids, 0));
  return {add_output("SelectV2", {counted, rows, Input(0)}), counted};
}

Output summed(const Output& data, const Operation& like) {
  return add_output("UnsortedSegmentSum", {data, like.input(1), like.input(2)});
}

Outputs segment_sum_gradient(const Operation& op, const Outputs& dy) {
  return {gather_segments(op, dy[0]).rows, Output(), Output()};
}

// Equal largest (smallest) elements of a segment share its gradient.
Outputs segment_extreme_gradient(const Operation& op, const Outputs& dy) {
  const Gathered found = gather_segments(op, op.output(0));
  const Output chosen = logical_and(equal(op.input(0), found.rows), found.counted);
  const Output count = summed(cast(chosen, dy[0].dtype()), op);
  const Output shares = gather_segments(op, div_no_nan(dy[0], count)).rows;
  return {add_output("SelectV2", {chosen, shares, Input(0)}), Output(), Output()};
}

// The product of all others: of what isn't 0 where the element itself is the segment's only 0.
Outputs segment_product_gradient(const Operation& op, const Outputs& dy) {
  const Output data = op.input(0);
  const Output is_zero = equal(data, 0);
  const Output zeros = summed(cast(is_zero, int32), op);
  const Output gradient = add_output("SelectV2", {greater(zeros, 1), Input(0), dy[0]});
  const Output others = add_output("SelectV2", {is_zero, Input(1), data});
  const Output product = add_output("UnsortedSegmentProd", {others, op.input(1), op.input(2)});
  const Output without = gather_segments(op, product).rows;
  const Output divided = div_no_nan(gather_segments(op, op.output(0)).rows, data);
  const Output partial = add_output("SelectV2", {is_zero, without, divided});
  return {gather_segments(op, gradient).rows * partial, Output(), Output()};
}

// The number of segments of sorted ids: it says so where they aren't.
Output count_of_segments(const Output& ids) { return add_output("_SegmentCount", {ids}); }

Output unsorted(const char* type, const Input& data, const Input& ids, const Input& count,
                const std::string& name = {}) {
  return add_output(type, {data, ids, count}, {.name = name, .where = data.where()});
}

Output of_sorted(const char* type, const Input& data, const Input& ids, const Input& count,
                 const std::string& name = {}) {
  return add_output(type, {data, ids, count},
                    {.name = name, .attrs = {{std::string(kSorted), true}}, .where = data.where()});
}

// How many rows each segment has.
Output sizes_of_segments(const Output& ids, const Input& count, DType dtype) {
  return of_sorted("UnsortedSegmentSum", ones_like(ids, {.dtype = dtype}), ids, count);
}

// The argument data, and ids of it.
struct Segmented {
  Segmented(const Input& data_input, const Input& ids_input)
      : data(as_output(data_input, "data")), ids(as_output(ids_input, "segment_ids")) {}
  Output data, ids;

  // A number a segment, beside the rows of the result.
  Output beside_rows(const Output& numbers) const {
    const int rank = data.shape().rank(), of_ids = ids.shape().rank();
    return beside(numbers, rank < 0 || of_ids < 0 ? -1 : rank - of_ids + 1, "Means of segments");
  }
};

enum class Divided { kNot, kByCount, kByRoot };

// The sums of segments, divided.
Output divided_sums(const Segmented& of, const Input& count, Divided by, const std::string& name) {
  const Output sums = of_sorted("UnsortedSegmentSum", of.data, of.ids, count);
  if (by == Divided::kNot) return identity(sums, {.name = name});
  const DType dtype = of.data.dtype();
  const Output sizes = maximum(of.beside_rows(sizes_of_segments(of.ids, count, dtype)), 1);
  const Output divisor = by == Divided::kByRoot ? sqrt(sizes) : sizes;
  return add_output("Div", {sums, divisor}, {.name = name});  // of integers it truncates
}

Output sorted_sums(const Input& data, const Input& segment_ids, Divided by, const char* scope_name,
                   const OpOptions& options) {
  const OpScope scope(options.name, scope_name, {data, segment_ids});
  const Segmented of(data, segment_ids);
  return divided_sums(of, count_of_segments(of.ids), by, scope.name());
}

// What segments without rows are is 0 (not the lowest or highest number).
Output sorted_extremes(const char* type, const Input& data, const Input& segment_ids,
                       const char* scope_name, const OpOptions& options) {
  const OpScope scope(options.name, scope_name, {data, segment_ids});
  const Segmented of(data, segment_ids);
  const Output count = count_of_segments(of.ids);
  const Output there = of.beside_rows(greater(sizes_of_segments(of.ids, count, int32), 0));
  return add_output("SelectV2", {there, of_sorted(type, of.data, of.ids, count), Input(0)},
                    {.name = scope.name()});
}

Output sparse_sums(const Input& data, const Input& indices, const Input& segment_ids, Divided by,
                   const char* scope_name, const OpOptions& options) {
  const OpScope scope(options.name, scope_name, {data, indices, segment_ids});
  // Its gradient is dense, as TensorFlow's.
  const Output rows = with_dense_gradient(as_output(data, "data"));
  const Segmented of(gather(rows, indices), segment_ids);
  return divided_sums(of, count_of_segments(of.ids), by, scope.name());
}

}  // namespace

void register_math_segment(OpRegistry& ops) {
  const std::pair<const char*, GradientFunction> rows[] = {
      {"UnsortedSegmentSum", segment_sum_gradient},
      {"UnsortedSegmentProd", segment_product_gradient},
      {"UnsortedSegmentMax", segment_extreme_gradient},
      {"UnsortedSegmentMin", segment_extreme_gradient}};
  for (const auto& [name, gradient] : rows) {
    ops.add({.name = name,
             .inputs = {"data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"},
             .outputs = {"output: T"},
             .defaults = {{"Tnumsegments", int32}, {std::string(kSorted), false}},
             .types = {{"T", kNumbers}, {"Tindices", kIndices}, {"Tnumsegments", kIndices}},
             .shape = segment_shape,
             .gradient = gradient,
             .needs_value = {2}});
  }
  ops.add({.name = "_SegmentCount",
           .inputs = {"segment_ids: T"},
           .outputs = {"count: T"},
           .types = {{"T", kIndices}},
           .shape = segment_count_shape,
           .differentiable = false});
}

}  // namespace internal

using internal::Divided;
using internal::OpScope;
using internal::Segmented;

Output segment_sum(Input data, Input segment_ids, const OpOptions& options) {
  return internal::sorted_sums(data, segment_ids, Divided::kNot, "SegmentSum", options);
}
Output segment_mean(Input data, Input segment_ids, const OpOptions& options) {
  return internal::sorted_sums(data, segment_ids, Divided::kByCount, "SegmentMean", options);
}
Output segment_prod(Input data, Input segment_ids, const OpOptions& options) {
  const OpScope scope(options.name, "SegmentProd", {data, segment_ids});
  const Segmented of(data, segment_ids);
  return internal::of_sorted("UnsortedSegmentProd", of.data, of.ids,
                             internal::count_of_segments(of.ids), scope.name());
}
Output segment_max(Input data, Input segment_ids, const OpOptions& options) {
  return internal::sorted_extremes("UnsortedSegmentMax", data, segment_ids, "SegmentMax", options);
}
Output segment_min(Input data, Input segment_ids, const OpOptions& options) {
  return internal::sorted_extremes("UnsortedSegmentMin", data, segment_ids, "SegmentMin", options);
}

Output sparse_segment_sum(Input data, Input indices, Input segment_ids, const OpOptions& options) {
  return internal::sparse_sums(data, indices, segment_ids, Divided::kNot, "SparseSegmentSum",
                               options);
}
Output sparse_segment_mean(Input data, Input indices, Input segment_ids, const OpOptions& options) {
  return internal::sparse_sums(data, indices, segment_ids, Divided::kByCount, "SparseSegmentMean",
                               options);
}
Output sparse_segment_sqrt_n(Input data, Input indices, Input segment_ids,
                             const OpOptions& options) {
  return internal::sparse_sums(data, indices, segment_ids, Divided::kByRoot, "SparseSegmentSqrtN",
                               options);
}

Output unsorted_segment_sum(Input data, Input segment_ids, Input num_segments,
                            const OpOptions& options) {
  return internal::unsorted("UnsortedSegmentSum", data, segment_ids, num_segments, options.name);
}
Output unsorted_segment_prod(Input data, Input segment_ids, Input num_segments,
                             const OpOptions& options) {
  return internal::unsorted("UnsortedSegmentProd", data, segment_ids, num_segments, options.name);
}
Output unsorted_segment_max(Input data, Input segment_ids, Input num_segments,
                            const OpOptions& options) {
  return internal::unsorted("UnsortedSegmentMax", data, segment_ids, num_segments, options.name);
}
Output unsorted_segment_min(Input data, Input segment_ids, Input num_segments,
                            const OpOptions& options) {
  return internal::unsorted("UnsortedSegmentMin", data, segment_ids, num_segments, options.name);
}
Output unsorted_segment_mean(Input data, Input segment_ids, Input num_segments,
                             const OpOptions& options) {
  const OpScope scope(options.name, "UnsortedSegmentMean", {data, segment_ids, num_segments});
  return internal::divided_sums(Segmented(data, segment_ids), num_segments, Divided::kByCount,
                                scope.name());
}
Output unsorted_segment_sqrt_n(Input data, Input segment_ids, Input num_segments,
                               const OpOptions& options) {
  const OpScope scope(options.name, "UnsortedSegmentSqrtN", {data, segment_ids, num_segments});
  return internal::divided_sums(Segmented(data, segment_ids), num_segments, Divided::kByRoot,
                                scope.name());
}

}  // namespace tenon
