// TopKV2: the largest elements of rows and where they stand. in_top_k is made of comparisons.

#include "core/base/check.h"
#include "core/ops/argument_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

Shapes top_k_shape(const ShapeContext& context) {
  const Shape& input = with_rank_at_least(context.inputs[0], 1, "input");
  const auto k = one_integer(context, 1, "k");
  require<ValueError>(!k || *k >= 0, ErrorKind::bad_argument, "Need k >= 0, got ", k.value_or(0));
  if (!input.has_rank()) return {Shape::unknown(), Shape::unknown()};
  require<ValueError>(!k || input.back() < 0 || *k <= input.back(), ErrorKind::shape_incompatible,
                      "input must have at least k = ", k.value_or(0), " columns, but has shape ",
                      input);
  Shape output = input;
  output[output.rank() - 1] = k.value_or(kUnknown);
  return {output, output};
}

// The size of the last axis as a number of int64.
Output last_size(const Output& tensor) {
  const Shape known = tensor.shape();
  if (known.has_rank() && known.back() >= 0) return as_output(known.back(), "size", int64);
  return gather(shape(tensor, {.out_type = int64}), subtract(rank(tensor), 1));
}

// Each goes back to where it stood.
Outputs top_k_gradient(const Operation& op, const Outputs& dy) {
  if (!dy[0]) return {Output(), Output()};
  const Output input = op.input(0), indices = op.output(1);
  const Output within = cast(reshape(indices, {-1}), int64);
  const Output rows =
      floordiv(range(size(indices, {.out_type = int64})), maximum(last_size(indices), 1));
  const Output flat =
      add_output("_IndexedSlices",
                 {reshape(dy[0], {-1}), rows * last_size(input) + within, reshape(input, {-1})});
  return {reshape(flat, shape_argument(input)), Output()};
}

}  // namespace

void register_nn_top_k(OpRegistry& ops) {
  ops.add({.name = "TopKV2",
           .inputs = {"input: T", "k: Tk"},
           .outputs = {"values: T", "indices: index_type"},
           .defaults = {{"sorted", true}, {"index_type", int32}},
           .types = {{"T", kNumbers}, {"Tk", kIndices}, {"index_type", {int32}}},
           .shape = top_k_shape,
           .gradient = top_k_gradient,
           .needs_value = {1}});
}

}  // namespace internal

using internal::as_output;
using internal::OpScope;
using internal::require;

nn::TopK nn::top_k(Input input, const TopKOptions& options) {
  const Operation op = internal::add_operation(
      "TopKV2", {input, options.k},
      {.name = options.name, .attrs = {{"sorted", options.sorted}}, .where = input.where()});
  return {op.output(0), op.output(1)};
}

Output nn::in_top_k(Input predictions, Input targets, Input k, const OpOptions& options) {
  const OpScope scope(options.name, "in_top_k", {predictions, targets, k});
  const Output rows = as_output(predictions, "predictions"),
               classes = as_output(targets, "targets");
  const Shape shape = internal::with_rank(rows.shape(), 2, "predictions");
  const Shape chosen = internal::with_rank(classes.shape(), 1, "targets");
  require<TypeError>(rows.dtype() == float32, ErrorKind::dtype_incompatible,
                     "predictions of in_top_k must be float32, not ", rows.dtype());
  require<ValueError>(shape[0] < 0 || chosen[0] < 0 || shape[0] == chosen[0],
                      ErrorKind::shape_incompatible, "First dimension of predictions ", shape,
                      " must match length of targets ", chosen);
  const Output is_target =
      one_hot(classes, internal::size_along(rows, 1), {.on_value = true, .off_value = false});
  const Output of_target =
      reduce_sum(where(is_target, rows, zeros_like(rows)), {.axis = {1}, .keepdims = true});
  const Output larger = reduce_sum(cast(greater(rows, of_target), int32), {.axis = {1}});
  const Output sound =
      logical_and(reduce_any(is_target, {.axis = {1}}), reduce_all(is_finite(rows), {.axis = {1}}));
  const Output few = less(cast(larger, int64), cast(as_output(k, "k"), int64));
  return logical_and(few, sound, {.name = scope.name()});
}

}  // namespace tenon
