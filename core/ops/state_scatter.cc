// Writing rows of variables: row indices[i] of the variable is combined with updates[i]. Of
// ScatterNd* an index is a vector, and what it points at an element or a slice.

#include <string>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"

namespace tenon::internal {
namespace {

// updates have the shape of indices followed by that of a row, or are one number.
Shapes scatter_shape(const ShapeContext& context) {
  const Shape& variable = with_rank_at_least(context.inputs[0], 1, "the variable");
  const Shape &indices = context.inputs[1], &updates = context.inputs[2];
  if (variable.has_rank() && indices.has_rank() && updates.rank() != 0) {
    const Shape wanted = concatenated(indices, subshape(variable, 1, variable.rank()));
    require<ValueError>(updates.compatible_with(wanted), ErrorKind::shape_incompatible,
                        "Must have updates.shape = indices.shape + ref.shape[1:] or "
                        "updates.shape = [], got updates.shape ",
                        updates, ", indices.shape ", indices, ", ref.shape ", variable);
  }
  return {variable};
}

// indices [..., K] are positions along the first K axes; updates [..., the other axes].
Shapes scatter_nd_shape(const ShapeContext& context) {
  const Shape& variable = with_rank_at_least(context.inputs[0], 1, "the variable");
  const Shape& indices = with_rank_at_least(context.inputs[1], 1, "indices");
  const Shape& updates = context.inputs[2];
  if (!variable.has_rank() || !indices.has_rank() || indices.back() < 0) return {variable};
  require<ValueError>(indices.back() <= variable.rank(), ErrorKind::shape_incompatible,
                      "The last dimension of indices (", indices.back(),
                      ") must be at most the variable's rank: indices.shape ", indices,
                      ", ref.shape ", variable);
  const Shape wanted =
      concatenated(subshape(indices, 0, indices.rank() - 1),
                   subshape(variable, static_cast<int>(indices.back()), variable.rank()));
  require<ValueError>(
      updates.compatible_with(wanted), ErrorKind::shape_incompatible,
      "Must have updates.shape = indices.shape[:-1] + ref.shape[K:] for K = ", indices.back(),
      ", got updates.shape ", updates, ", indices.shape ", indices, ", ref.shape ", variable);
  return {variable};
}

Shapes checked_scatter_nd(const ShapeContext& context) {
  scatter_nd_shape(context);
  return {};
}

Shapes checked_scatter(const ShapeContext& context) {
  scatter_shape(context);
  return {};
}

// Of reference variables, and of resource variables. An operation's dtype is its updates': a
// resource says none.
void add_scatter(OpRegistry& ops, const std::string& kind, const char* dtype, ShapeFunction shape,
                 ShapeFunction check) {
  OpDef reference = {.name = str("Scatter", kind),
                     .inputs = {"ref: Ref(T)", "indices: Tindices", "updates: T"},
                     .outputs = {"output_ref: Ref(T)"},
                     .defaults = {{"use_locking", false}},
                     .types = {{"Tindices", kIndices}},
                     .shape = shape,
                     .differentiable = false,
                     .writes = {0},
                     .stateful = true};
  if (kind == "Max" || kind == "Min") {  // TensorFlow takes more where variables are resources
    reference.types["T"] = {bfloat16, float16, float32, float64, int32, int64};
  }
  ops.add(std::move(reference));
  ops.add({.name = str("ResourceScatter", kind),
           .inputs = {"resource: resource", "indices: Tindices", str("updates: ", dtype)},
           .types = {{"Tindices", kIndices}},
           .shape = check,
           .differentiable = false,
           .writes = {0},
           .stateful = true});
}

}  // namespace

void register_state_scatter(OpRegistry& ops) {
  for (const char* kind : {"Update", "Add", "Sub", "Mul", "Div", "Max", "Min"}) {
    add_scatter(ops, kind, "dtype", scatter_shape, checked_scatter);
  }
  for (const char* kind : {"NdUpdate", "NdAdd", "NdSub"}) {
    add_scatter(ops, kind, "T", scatter_nd_shape, checked_scatter_nd);
  }
}

}  // namespace tenon::internal
