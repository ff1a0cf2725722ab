// GatherV2: rows of a tensor by their numbers. Its gradient is sparse: _IndexedSlices holds rows
// and their numbers, and is a dense tensor, duplicates summed, for whoever reads it as one.

#include <string>

#include "core/base/check.h"
#include "core/ops/argument_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

Shapes gather_shape(const ShapeContext& context) {
  const Shape& params = with_rank_at_least(context.inputs[0], 1, "params");
  const Shape& indices = context.inputs[1];
  const auto axis = one_integer(context, 2, "axis");
  if (!params.has_rank() || !indices.has_rank()) return {Shape::unknown()};
  if (!axis) {
    const auto batch_dims = static_cast<int>(context.attrs.get<int64_t>("batch_dims"));
    if (batch_dims < 0) return {Shape::unknown()};
    return {with_rank(Shape::unknown(), params.rank() - 1 + indices.rank() - batch_dims, "params")};
  }
  const int at = resolve_axis(*axis, params.rank());
  int64_t batch_dims = context.attrs.get<int64_t>("batch_dims");
  if (batch_dims < 0) batch_dims += indices.rank();
  require<ValueError>(batch_dims >= 0 && batch_dims <= at && batch_dims <= indices.rank(),
                      ErrorKind::shape_incompatible, "batch_dims ", batch_dims,
                      " must be at most axis ", at, " and the rank of indices ", indices);
  const auto batch = static_cast<int>(batch_dims);
  Shape output = subshape(params, 0, at);
  for (int i = 0; i < batch; ++i) {
    output[i] = merge_sizes(params[i], indices[i], "batch dimensions of a gather", params, indices);
  }
  return {concatenated(concatenated(output, subshape(indices, batch, indices.rank())),
                       subshape(params, at + 1, params.rank()))};
}

std::optional<Tensor> gather_value(const ShapeContext& context) {
  const Tensor params = context.value(0);
  const auto indices = context.integers(1);
  if (!params || !indices || !is_index_dtype(params.dtype()) || params.shape().rank() != 1) {
    return std::nullopt;
  }
  const std::vector<int64_t> from = to_integers(params);
  std::vector<int64_t> taken;
  for (const int64_t index : *indices) {
    if (index < 0 || index >= static_cast<int64_t>(from.size())) return std::nullopt;
    taken.push_back(from[static_cast<size_t>(index)]);
  }
  return integer_tensor(params.dtype(), context.value(1).shape(), taken);
}

Output sparse_gradient(const Output& rows, const Output& indices, const Output& like,
                       const AttrMap& attrs = {}) {
  return add_output("_IndexedSlices", {rows, indices, like}, {.attrs = attrs});
}

// Of a gather along the first axis.
Output rows_gradient(const Output& params, const Output& indices, const Output& dy) {
  if (indices.shape().rank() == 1) return sparse_gradient(dy, indices, params);
  std::vector<Input> sizes = {size(indices)};
  if (indices.shape().fully_defined()) sizes[0] = Input(indices.shape().element_count());
  append_sizes(sizes, params, 1, params.shape().rank());
  return sparse_gradient(reshape(dy, integers_of(sizes)), reshape(indices, {-1}), params);
}

Outputs gather_gradient(const Operation& op, const Outputs& dy) {
  const Output params = op.input(0), indices = op.input(1);
  const auto axis = known_integers(op.input(2));
  const int rank = params.shape().rank(), index_rank = indices.shape().rank();
  require<UnimplementedError>(axis && rank > 0 && index_rank >= 0, ErrorKind::bad_argument,
                              "The gradient of '", op.name(),
                              "' (GatherV2) needs an axis and ranks that are known");
  const int at = resolve_axis((*axis)[0], rank);
  if (op.node()->attrs.has(kLateRows)) {
    return {sparse_gradient(dy[0], indices, params, {{kLateRows, true}}), Output(), Output()};
  }
  if (at == 0) return {rows_gradient(params, indices, dy[0]), Output(), Output()};
  // The axis, and the axes of the indices in its place, are brought to the front.
  std::vector<int64_t> front, to_front, back(static_cast<size_t>(rank));
  for (int i = 0; i < index_rank; ++i) front.push_back(at + i);
  for (int i = 0; i < rank - 1 + index_rank; ++i) {
    if (i < at || i >= at + index_rank) front.push_back(i);
  }
  to_front.push_back(at);
  for (int i = 0; i < rank; ++i) {
    if (i != at) to_front.push_back(i);
  }
  for (size_t i = 0; i < to_front.size(); ++i) {
    back[static_cast<size_t>(to_front[i])] = static_cast<int64_t>(i);
  }
  const Output rows = rows_gradient(transpose(params, {.perm = to_front}), indices,
                                    transpose(dy[0], {.perm = front}));
  return {transpose(rows, {.perm = back}), Output(), Output()};
}

// values has a row of `like` for each of the indices.
Shapes indexed_slices_shape(const ShapeContext& context) {
  const Shape indices = with_rank(context.inputs[1], 1, "indices");
  const Shape& like = with_rank_at_least(context.inputs[2], 1, "what rows are taken from");
  if (like.has_rank()) {
    of_shape(context.inputs[0], concatenated(indices, subshape(like, 1, like.rank())), "values");
  }
  if (!like.has_rank() || context.planning() || !context.attrs.has(kLateRows)) return {like};
  return {concatenated(Shape{kUnknown}, subshape(like, 1, like.rank()))};
}

Outputs indexed_slices_gradient(const Operation& op, const Outputs& dy) {
  return {gather(dy[0], op.input(1)), Output(), Output()};
}

}  // namespace

void register_array_gather(OpRegistry& ops) {
  ops.add({.name = "GatherV2",
           .inputs = {"params: Tparams", "indices: Tindices", "axis: Taxis"},
           .outputs = {"output: Tparams"},
           .defaults = {{"batch_dims", int64_t{0}}},
           .types = {{"Tindices", kIndices}, {"Taxis", kIndices}},
           .shape = gather_shape,
           .gradient = gather_gradient,
           .value = gather_value,
           .needs_value = {2}});
  ops.add({.name = "_IndexedSlices",
           .inputs = {"values: T", "indices: Tindices", "like: T"},
           .outputs = {"output: T"},
           .types = {{"T", kNumbers}, {"Tindices", kIndices}},
           .shape = indexed_slices_shape,
           .gradient = indexed_slices_gradient,
           .shape_only = {2},
           .plan_note = "a sparse gradient becomes dense"});
}

}  // namespace internal

Output gather(Input params, Input indices, const GatherOptions& options) {
  return internal::add_output("GatherV2", {params, indices, Input(options.axis)},
                              {.name = options.name, .where = params.where()});
}

}  // namespace tenon
