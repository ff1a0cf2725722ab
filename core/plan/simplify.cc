// Simplify: settles what is done for each operation. Operations that only pass memory on (Identity,
// Reshape) and those whose results are known do nothing. Who uses what was passed on as it was uses
// the value itself, so that later passes see what follows what.
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

// The value that this one is another name of. Those of variables say when these are read, and who
// waits for something has its users wait.
ValueId named_by(const PlanGraph& plan, ValueId id) {
  const auto is_name = [&](const PlanValue& value) {
    if (!value.is_alias() || value.dtype == DType::resource) return false;
    const PlanOp& op = plan.op(value.producer());
    const PlanValue& of = plan.value(value.alias_of());
    return op.def().action == PlanAction::kPassOn && op.controls().empty() &&
           of.dtype == value.dtype && of.shape == value.shape;
  };
  if (plan.variable_behind(id).exists()) return id;
  while (is_name(plan.value(id))) id = plan.value(id).alias_of();
  return id;
}

void use_what_is_named(PlanGraph& plan, OpId id) {
  for (size_t i = 0; i < plan.op(id).inputs().size(); ++i) {
    plan.replace_input(id, i, named_by(plan, plan.op(id).input(i)));
  }
}

// Erases the names that nobody uses any more, nor waits for.
void erase_unused_names(PlanGraph& plan) {
  IdVector<OpId, bool> kept(plan.op_count(), false);
  for (const OpId id : plan.ops()) {
    plan.for_each_predecessor(plan.op(id), [&](OpId before) { kept[before] = true; });
  }
  for (const ValueId fetch : plan.fetches()) {
    if (const OpId producer = plan.value(fetch).producer(); producer.exists())
      kept[producer] = true;
  }
  for (const OpId goal : plan.goals.ops) kept[goal] = true;
  for (const OpId id : plan.ops()) {
    const std::span<const ValueId> outputs = plan.op(id).outputs();
    kept[id] = kept[id] || outputs.empty() ||
               std::any_of(outputs.begin(), outputs.end(),
                           [&](ValueId output) { return named_by(plan, output) == output; });
  }
  plan.erase_all_but(kept);
}

}  // namespace

bool needs_kernel(const Node& node) { return own_kind(*node.def) == StepKind::kKernel; }

void simplify(PlanGraph& plan) {
  for (const OpId id : plan.ops()) {
    PlanOp& op = plan.op(id);
    use_what_is_named(plan, id);
    if (op.only_orders) continue;
    op.kind = kind_of(plan, op);
    if (op.kind == StepKind::kElementwise) {
      op.program = std::make_shared<ElementwiseProgram>(lower(*op.node));
    }
    set_aliases(plan, op);
  }
  erase_unused_names(plan);
}

}  // namespace tenon::internal
