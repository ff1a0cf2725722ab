// Variables and what writes them. Reference variables (VariableV2, Assign, ...) hand their own
// memory on; resource variables (VarHandleOp, AssignVariableOp, ...) a handle to it.
//
// The shape of a handle's output is that of its variable, so that readers infer theirs from it.

#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"

namespace tenon::internal {
namespace {

Shapes variable_shape(const ShapeContext& context) { return {context.attrs.get<Shape>("shape")}; }

// With validate_shape the value must fit the variable; without it gives it its shape.
Shapes assign_shape(const ShapeContext& context) {
  const Shape &variable = context.inputs[0], &value = context.inputs[1];
  if (!context.attrs.get<bool>("validate_shape")) return {value};
  require<ValueError>(variable.compatible_with(value), ErrorKind::shape_incompatible,
                      "Dimension mismatch: a value of shape ", value,
                      " can't be assigned to a variable of shape ", variable);
  return {variable.merged_with(value)};
}

Shapes update_shape(const ShapeContext& context) {
  const Shape &variable = context.inputs[0], &value = context.inputs[1];
  require<ValueError>(variable.compatible_with(value), ErrorKind::shape_incompatible,
                      "Dimension mismatch: a value of shape ", value,
                      " can't be added to a variable of shape ", variable);
  return {variable.merged_with(value)};
}

Shapes checked_assign(const ShapeContext& context) {
  const AttrMap& attrs = context.attrs;
  if (attrs.get_or<bool>("validate_shape", false)) {
    require<ValueError>(context.inputs[0].compatible_with(context.inputs[1]),
                        ErrorKind::shape_incompatible, "Dimension mismatch: a value of shape ",
                        context.inputs[1], " can't be assigned to a variable of shape ",
                        context.inputs[0]);
  }
  return {};
}

Shapes checked_update(const ShapeContext& context) {
  update_shape(context);
  return {};
}

Shapes count_shape(const ShapeContext& context) {
  return {with_rank(context.inputs[0], 0, "the counter")};
}

Outputs read_gradient(const Operation&, const Outputs& dy) { return {dy[0]}; }

Values lower_assign_add(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.add(in[0], in[1])};
}
Values lower_assign_sub(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.subtract(in[0], in[1])};
}

void register_reference_variables(OpRegistry& ops) {
  ops.add({.name = "VariableV2",
           .outputs = {"ref: Ref(dtype)"},
           .defaults = {{"container", std::string()}, {"shared_name", std::string()}},
           .shape = variable_shape,
           .is_variable = true,
           .stateful = true});
  ops.add({.name = "Assign",
           .inputs = {"ref: Ref(T)", "value: T"},
           .outputs = {"output_ref: Ref(T)"},
           .defaults = {{"validate_shape", true}, {"use_locking", true}},
           .shape = assign_shape,
           .differentiable = false,
           .writes = {0},
           .stateful = true,
           .action = PlanAction::kAssign});
  const std::pair<const char*, ElementwiseFunction> updates[] = {{"AssignAdd", lower_assign_add},
                                                                 {"AssignSub", lower_assign_sub}};
  for (const auto& [name, lowering] : updates) {
    ops.add({.name = name,
             .inputs = {"ref: Ref(T)", "value: T"},
             .outputs = {"output_ref: Ref(T)"},
             .defaults = {{"use_locking", false}},
             .types = {{"T", kNumbers}},
             .shape = update_shape,
             .differentiable = false,
             .elementwise = lowering,
             .writes = {0},
             .stateful = true});
  }
  ops.add({.name = "IsVariableInitialized",
           .inputs = {"ref: Ref(dtype)"},
           .outputs = {"is_initialized: bool"},
           .shape = scalar_shape,
           .differentiable = false,
           .stateful = true,
           .action = PlanAction::kIsInitialized,
           .safe_in_initial_values = true});
  ops.add({.name = "CountUpTo",
           .inputs = {"ref: Ref(T)"},
           .outputs = {"output: T"},
           .types = {{"T", kIndices}},
           .shape = count_shape,
           .differentiable = false,
           .writes = {0},
           .stateful = true});
}

void register_resource_variables(OpRegistry& ops) {
  ops.add({.name = "VarHandleOp",
           .outputs = {"resource: resource"},
           .defaults = {{"container", std::string()}, {"shared_name", std::string()}},
           .shape = variable_shape,
           .is_variable = true,
           .stateful = true});
  ops.add({.name = "ReadVariableOp",
           .inputs = {"resource: resource"},
           .outputs = {"value: dtype"},
           .shape = shape_of_first,
           .gradient = read_gradient,
           .stateful = true,
           .action = PlanAction::kPassOn,
           .safe_in_initial_values = true});
  ops.add({.name = "AssignVariableOp",
           .inputs = {"resource: resource", "value: dtype"},
           .defaults = {{"validate_shape", false}},
           .shape = checked_assign,
           .differentiable = false,
           .writes = {0},
           .stateful = true,
           .action = PlanAction::kAssign});
  const std::pair<const char*, ElementwiseFunction> updates[] = {
      {"AssignAddVariableOp", lower_assign_add}, {"AssignSubVariableOp", lower_assign_sub}};
  for (const auto& [name, lowering] : updates) {
    ops.add({.name = name,
             .inputs = {"resource: resource", "value: dtype"},
             .types = {{"dtype", kNumbers}},
             .shape = checked_update,
             .differentiable = false,
             .elementwise = lowering,
             .writes = {0},
             .stateful = true});
  }
  ops.add({.name = "VarIsInitializedOp",
           .inputs = {"resource: resource"},
           .outputs = {"is_initialized: bool"},
           .shape = scalar_shape,
           .differentiable = false,
           .stateful = true,
           .action = PlanAction::kIsInitialized,
           .safe_in_initial_values = true});
  ops.add({.name = "ResourceCountUpTo",
           .inputs = {"resource: resource"},
           .outputs = {"output: T"},
           .types = {{"T", kIndices}},
           .shape = count_shape,
           .differentiable = false,
           .writes = {0},
           .stateful = true});
}

}  // namespace

void register_state(OpRegistry& ops) {
  register_reference_variables(ops);
  register_resource_variables(ops);
}

}  // namespace tenon::internal
