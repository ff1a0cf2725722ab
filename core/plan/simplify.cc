// Simplify: settles what is done for each operation. Operations that only pass memory on (Identity,
// Reshape) and those whose results are known do nothing.
#include <algorithm>

#include "core/plan/elementwise_ops.h"
#include "core/plan/passes.h"

namespace tenon::internal {
namespace {

// What the plan does by itself for an operation; kKernel where it needs a kernel.
StepKind own_kind(const OpDef& def) {
  if (def.is_variable) return StepKind::kNothing;
  switch (def.action) {
    case PlanAction::kKernel:
      return StepKind::kKernel;
    case PlanAction::kAssign:
      return StepKind::kAssign;
    case PlanAction::kIsInitialized:
      return StepKind::kIsInitialized;
    case PlanAction::kInitializedValue:
      return StepKind::kInitializedValue;
    case PlanAction::kBranch:
    case PlanAction::kLoop:
    case PlanAction::kHost:
    case PlanAction::kCall:
      return StepKind::kBodies;
    default:
      return StepKind::kNothing;
  }
}

StepKind kind_of(const PlanGraph& plan, const PlanOp& op) {
  const StepKind own = own_kind(op.def());
  // What a fed variable would be asked for is known, or is the value that is fed.
  const bool asks_of_fed = op.def().asks_for_state() && plan.fed_node(op.input(0)) != nullptr;
  if (asks_of_fed) return own == StepKind::kIsInitialized ? StepKind::kNothing : StepKind::kCopy;
  if (own != StepKind::kKernel) return own;
  const bool all_known = !op.outputs().empty() && op.writes.empty() && !op.def().stateful &&
                         std::all_of(op.outputs().begin(), op.outputs().end(), [&](ValueId id) {
                           return static_cast<bool>(plan.value(id).constant);
                         });
  if (all_known) return StepKind::kNothing;
  return has_program(*op.node) ? StepKind::kElementwise : StepKind::kKernel;
}

void set_aliases(PlanGraph& plan, const PlanOp& op) {
  for (size_t i = 0; i < op.outputs().size(); ++i) {
    if (plan.value(op.output(i)).constant) continue;
    if (op.def().action == PlanAction::kPassOn) {
      plan.pass_on(op.output(i), op.input(i));
    } else if (op.node->output_refs[i] && !op.written_inputs.empty()) {
      plan.pass_on(op.output(i), op.input(op.written_inputs[0]));
    }
  }
}

}  // namespace

bool needs_kernel(const Node& node) { return own_kind(*node.def) == StepKind::kKernel; }

void simplify(PlanGraph& plan) {
  for (const OpId id : plan.ops()) {
    PlanOp& op = plan.op(id);
    if (op.only_orders) continue;
    op.kind = kind_of(plan, op);
    if (op.kind == StepKind::kElementwise) {
      op.program = std::make_shared<ElementwiseProgram>(lower(*op.node));
    }
    set_aliases(plan, op);
  }
}

}  // namespace tenon::internal
