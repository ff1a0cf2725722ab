// A variable's value where the session has initialised it, else the value it would start from: what
// Variable::initialized_value reads.

#include <string>

#include "core/graph/op_def.h"

namespace tenon::internal {
namespace {

// The variable's shape, where it is known; a variable without one takes its initial value's.
Shapes initialized_value_shape(const ShapeContext& context) {
  return {context.inputs[0].fully_defined() ? context.inputs[0] : context.inputs[1]};
}

OpDef initialized_value(const char* name, const char* variable) {
  return {.name = name,
          .inputs = {variable, "initial: T"},
          .outputs = {"output: T"},
          .shape = initialized_value_shape,
          .differentiable = false,
          .stateful = true,
          .action = PlanAction::kInitializedValue,
          .safe_in_initial_values = true};
}

}  // namespace

void register_state_initialized(OpRegistry& ops) {
  ops.add(initialized_value("_InitializedValue", "ref: Ref(T)"));
  ops.add(initialized_value("_InitializedResource", "resource: resource"));
}

}  // namespace tenon::internal
