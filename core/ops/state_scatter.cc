// Writing rows of variables: row indices[i] of the variable is combined with updates[i].

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

Shapes checked_scatter(const ShapeContext& context) {
  scatter_shape(context);
  return {};
}

}  // namespace

void register_state_scatter(OpRegistry& ops) {
  for (const char* kind : {"Update", "Add", "Sub", "Mul", "Div", "Max", "Min"}) {
    ops.add({.name = str("Scatter", kind),
             .inputs = {"ref: Ref(T)", "indices: Tindices", "updates: T"},
             .outputs = {"output_ref: Ref(T)"},
             .defaults = {{"use_locking", false}},
             .types = {{"Tindices", kIndices}},
             .shape = scatter_shape,
             .differentiable = false,
             .writes = {0},
             .stateful = true});
    ops.add({.name = str("ResourceScatter", kind),
             .inputs = {"resource: resource", "indices: Tindices", "updates: dtype"},
             .types = {{"Tindices", kIndices}},
             .shape = checked_scatter,
             .differentiable = false,
             .writes = {0},
             .stateful = true});
  }
}

}  // namespace tenon::internal
