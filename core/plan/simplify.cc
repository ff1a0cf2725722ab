// Simplify: settles what is done for each operation. Operations that only pass memory on (Identity,
// Reshape) and those whose results are known do nothing.
#include <algorithm>
#include <array>

#include "core/plan/elementwise_ops.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

bool passes_memory_on(const std::string& type) {
  static constexpr std::array<std::string_view, 7> kTypes = {
      "Identity",       "StopGradient",          "Reshape", "ExpandDims", "Squeeze",
      "ReadVariableOp", "PlaceholderWithDefault"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

StepKind kind_of(const PlanGraph& plan, const PlanOp& op) {
  const std::string& type = op.node->type();
  if (op.node->def->is_variable || type == "NoOp" || type == "Const") return StepKind::kNothing;
  if (type == "Assign" || type == "AssignVariableOp") return StepKind::kAssign;
  if (type == "IsVariableInitialized" || type == "VarIsInitializedOp") {
    return StepKind::kIsInitialized;
  }
  if (type == "_InitializedValue" || type == "_InitializedResource") {
    return StepKind::kInitializedValue;
  }
  const bool all_known = !op.outputs.empty() && op.writes.empty() && !op.node->def->stateful &&
                         std::all_of(op.outputs.begin(), op.outputs.end(), [&](int output) {
                           return static_cast<bool>(plan.value(output).constant);
                         });
  if (all_known || passes_memory_on(type)) return StepKind::kNothing;
  return op.node->def->elementwise != nullptr ? StepKind::kElementwise : StepKind::kKernel;
}

void set_aliases(PlanGraph& plan, const PlanOp& op) {
  for (size_t i = 0; i < op.outputs.size(); ++i) {
    PlanValue& output = plan.value(op.outputs[i]);
    if (output.constant) continue;
    if (passes_memory_on(op.node->type())) {
      output.alias_of = op.inputs[0];
    } else if (op.node->output_refs[i] && !op.written_inputs.empty()) {
      output.alias_of = op.inputs[static_cast<size_t>(op.written_inputs[0])];
    }
  }
}

// A fetched value that is a variable's memory is copied when it is read: it must not change any
// more when the run goes on, nor after it.
void copy_fetched_variables(PlanGraph& plan) {
  for (int& fetch : plan.fetches) {
    const int variable = plan.value(plan.root(fetch)).variable;
    if (variable < 0 || plan.value(fetch).constant) continue;
    const int producer = plan.value(fetch).producer;
    PlanOp copy;
    copy.node = plan.op(producer).node;
    copy.kind = StepKind::kCopy;
    copy.need = Need::kRun;
    copy.inputs = {fetch};
    copy.reads = {variable};
    PlanValue value;
    value.dtype = plan.value(fetch).dtype;
    value.shape = plan.value(fetch).shape;
    if (value.dtype == DType::resource) {  // a handle stands for its variable's value
      const Node& handle = *plan.variables[static_cast<size_t>(variable)].node;
      value.dtype = handle.attrs.get<DType>("dtype");
    }
    value.producer = static_cast<int>(plan.ops.size());
    fetch = static_cast<int>(plan.values.size());
    copy.outputs = {fetch};
    plan.values.push_back(std::move(value));
    plan.ops.push_back(std::move(copy));
  }
}

}  // namespace

void simplify(PlanGraph& plan) {
  for (PlanOp& op : plan.ops) {
    if (!op.runs()) continue;
    op.kind = kind_of(plan, op);
    if (op.kind == StepKind::kElementwise) {
      op.program = std::make_shared<ElementwiseProgram>(lower(*op.node));
    }
    set_aliases(plan, op);
  }
  copy_fetched_variables(plan);
}

}  // namespace tenon::internal
