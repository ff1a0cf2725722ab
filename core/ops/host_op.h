// Rows of the table of operations for those that a function on the host computes.
#pragma once

#include <utility>

#include "core/graph/op_def.h"

namespace tenon::internal {

// Gradients flow through it where it says how.
inline OpDef host_op(OpDef op) {
  op.differentiable = op.gradient != nullptr;
  op.action = PlanAction::kHost;
  return op;
}

// One that uses what a run or a session keeps.
inline OpDef stateful_host_op(OpDef op) {
  op.stateful = true;
  return host_op(std::move(op));
}

}  // namespace tenon::internal
