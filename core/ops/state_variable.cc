// Variables as nodes: their memory, reads and writes. tenon/variable.h has what programs call.
//
// Reference variables: VariableV2 is a reference to the memory; operations that write take it and
// pass it on. Resource variables: VarHandleOp is a handle, ReadVariableOp reads.
#include <string>
#include <vector>

#include "core/base/strings.h"
#include "core/graph/op_def.h"

namespace tenon::internal {
namespace {

using Value = ElementwiseBuilder::Value;

Shapes scalar_shape(const ShapeContext&) { return {Shape()}; }
Shapes no_shapes(const ShapeContext&) { return {}; }
Shapes variable_shape(const ShapeContext& context) { return {context.attrs.get<Shape>("shape")}; }
Shapes unknown_shape(const ShapeContext&) { return {Shape::unknown()}; }

// What two shapes that must be equal know together.
Shape merged(const Shape& variable, const Shape& value) {
  require<ValueError>(variable.compatible_with(value), ErrorKind::shape_incompatible,
                      "Shapes must be equal, but are ", variable, " (of the variable) and ", value,
                      " (of the value)");
  return variable.merged_with(value);
}

Shapes assign_shape(const ShapeContext& context) {
  if (!context.attrs.get<bool>("validate_shape")) return {context.inputs[1]};
  return {merged(context.inputs[0], context.inputs[1])};
}

Shapes update_shape(const ShapeContext& context) {
  return {merged(context.inputs[0], context.inputs[1])};
}

// updates: a scalar, or of shape indices + variable[1:].
Shapes scatter_shape(const ShapeContext& context) {
  const Shape &variable = context.inputs[0], &indices = context.inputs[1],
              &updates = context.inputs[2];
  if (!variable.has_rank() || !indices.has_rank() || !updates.has_rank()) return {variable};
  require<ValueError>(variable.rank() >= 1, ErrorKind::shape_incompatible,
                      "Shape must be at least rank 1 but is rank 0: the variable's");
  if (updates.rank() == 0) return {variable};
  Shape wanted = indices;
  for (int axis = 1; axis < variable.rank(); ++axis) wanted.push_back(variable[axis]);
  require<ValueError>(wanted.compatible_with(updates), ErrorKind::shape_incompatible,
                      "Shapes must be equal: the updates' shape ", updates,
                      " is not that of the indices and the variable's rows, ", wanted);
  return {variable};
}

Shapes initialized_value_shape(const ShapeContext& context) { return {context.inputs[1]}; }

Outputs pass_gradient(const Operation&, const Outputs& dy) { return {dy[0]}; }

std::vector<Value> lower_add(ElementwiseBuilder& b, const std::vector<Value>& in, const AttrMap&) {
  return {b.add(in[0], in[1])};
}
std::vector<Value> lower_subtract(ElementwiseBuilder& b, const std::vector<Value>& in,
                                  const AttrMap&) {
  return {b.subtract(in[0], in[1])};
}

const std::vector<DType> kIndexTypes = {int32, int64};

OpDef writing(OpDef def) {
  def.differentiable = false;
  def.writes = {0};
  def.stateful = true;
  return def;
}

OpDef reference_update(const char* name, ElementwiseFunction lowering) {
  return writing({.name = name,
                  .inputs = {"ref: Ref(T)", "value: T"},
                  .outputs = {"output_ref: Ref(T)"},
                  .defaults = {{"use_locking", false}},
                  .shape = update_shape,
                  .elementwise = lowering});
}

OpDef resource_update(const char* name, ElementwiseFunction lowering) {
  return writing({.name = name,
                  .inputs = {"resource: resource", "value: dtype"},
                  .shape = no_shapes,
                  .elementwise = lowering});
}

void register_reference(OpRegistry& ops) {
  ops.add({.name = "VariableV2",
           .outputs = {"ref: Ref(dtype)"},
           .defaults = {{"container", std::string()}, {"shared_name", std::string()}},
           .shape = variable_shape,
           .is_variable = true,
           .stateful = true});
  ops.add({.name = "IsVariableInitialized",
           .inputs = {"ref: Ref(dtype)"},
           .outputs = {"is_initialized: bool"},
           .shape = scalar_shape,
           .differentiable = false,
           .stateful = true});
  ops.add(writing({.name = "Assign",
                   .inputs = {"ref: Ref(T)", "value: T"},
                   .outputs = {"output_ref: Ref(T)"},
                   .defaults = {{"validate_shape", true}, {"use_locking", true}},
                   .shape = assign_shape}));
  ops.add(reference_update("AssignAdd", lower_add));
  ops.add(reference_update("AssignSub", lower_subtract));
  for (const char* name : {"ScatterUpdate", "ScatterAdd", "ScatterSub"}) {
    ops.add(writing({.name = name,
                     .inputs = {"ref: Ref(T)", "indices: Tindices", "updates: T"},
                     .outputs = {"output_ref: Ref(T)"},
                     .defaults = {{"use_locking", std::string_view(name) == "ScatterUpdate"}},
                     .types = {{"Tindices", kIndexTypes}},
                     .shape = scatter_shape}));
  }
  ops.add(writing({.name = "CountUpTo",
                   .inputs = {"ref: Ref(T)"},
                   .outputs = {"output: T"},
                   .types = {{"T", kIndexTypes}},
                   .shape = scalar_shape}));
}

void register_resource(OpRegistry& ops) {
  ops.add({.name = "VarHandleOp",
           .outputs = {"resource: resource"},
           .defaults = {{"container", std::string()}, {"shared_name", std::string()}},
           .shape = scalar_shape,
           .is_variable = true,
           .stateful = true});
  ops.add({.name = "ReadVariableOp",
           .inputs = {"resource: resource"},
           .outputs = {"value: dtype"},
           .shape = unknown_shape,  // who adds it knows the variable's shape
           .gradient = pass_gradient,
           .stateful = true});
  ops.add({.name = "VarIsInitializedOp",
           .inputs = {"resource: resource"},
           .outputs = {"is_initialized: bool"},
           .shape = scalar_shape,
           .differentiable = false,
           .stateful = true});
  ops.add(writing({.name = "AssignVariableOp",
                   .inputs = {"resource: resource", "value: dtype"},
                   .defaults = {{"validate_shape", false}},
                   .shape = no_shapes}));
  ops.add(resource_update("AssignAddVariableOp", lower_add));
  ops.add(resource_update("AssignSubVariableOp", lower_subtract));
  for (const char* name : {"ResourceScatterUpdate", "ResourceScatterAdd", "ResourceScatterSub"}) {
    ops.add(writing({.name = name,
                     .inputs = {"resource: resource", "indices: Tindices", "updates: dtype"},
                     .types = {{"Tindices", kIndexTypes}},
                     .shape = no_shapes}));
  }
  ops.add(writing({.name = "ResourceCountUpTo",
                   .inputs = {"resource: resource"},
                   .outputs = {"output: T"},
                   .types = {{"T", kIndexTypes}},
                   .shape = scalar_shape}));
}

}  // namespace

void register_state_variable(OpRegistry& ops) {
  register_reference(ops);
  register_resource(ops);
  // The variable's value if the session has initialised it, else `initial`.
  for (const char* name : {"_InitializedValue", "_InitializedResource"}) {
    const bool is_reference = std::string_view(name) == "_InitializedValue";
    ops.add({.name = name,
             .inputs = {is_reference ? "ref: Ref(T)" : "resource: resource", "initial: T"},
             .outputs = {"output: T"},
             .shape = initialized_value_shape,
             .differentiable = false,
             .stateful = true});
  }
}

}  // namespace tenon::internal
