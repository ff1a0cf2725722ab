#include "core/plan/need.h"

#include <utility>

#include "core/plan/passes.h"

namespace tenon::internal {
namespace {

class Marker {
 public:
  explicit Marker(const PlanGraph& graph) : graph_(graph), needs_(graph.op_count(), Need::kNone) {}

  Needs run(const PlanGraph::Goals& goals) {
    for (const ValueId value : goals.values) want_value(value, Need::kRun);
    for (const OpId op : goals.ops) want(op, Need::kRun);
    while (!open_.empty()) {
      const auto [op, need] = open_.back();
      open_.pop_back();
      mark(op, need);
    }
    return std::move(needs_);
  }

 private:
  void want_value(ValueId id, Need need) {
    const PlanValue& value = graph_.value(id);
    if (value.producer().exists()) want(value.producer(), value.constant ? Need::kOrder : need);
  }
  void want(OpId op, Need need) { open_.emplace_back(op, need); }

  void mark(OpId id, Need need) {
    const PlanOp& op = graph_.op(id);
    const OpDef& def = op.def();
    const bool acts = (def.stateful || !def.writes.empty()) && !def.is_variable;
    if (need == Need::kOrder && acts) need = Need::kRun;
    if (needs_[id] >= need) return;
    needs_[id] = need;
    if (need == Need::kRun && def.action == PlanAction::kPlaceholder) fail_unfed(*op.node);
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      const bool unused = need == Need::kOrder || contains(def.shape_only, i);
      want_value(op.input(i), unused ? Need::kOrder : Need::kRun);
    }
    for (const OpId control : op.controls()) want(control, Need::kRun);
  }

  const PlanGraph& graph_;
  Needs needs_;
  std::vector<std::pair<OpId, Need>> open_;
};

}  // namespace

Needs find_needs(const PlanGraph& graph, const PlanGraph::Goals& goals) {
  return Marker(graph).run(goals);
}

// Need: erases what nothing of the goals needs.
void erase_unneeded(PlanGraph& graph) {
  const Needs needs = find_needs(graph, graph.goals);
  IdVector<OpId, bool> kept(graph.op_count(), false);
  for (const OpId id : graph.ops()) {
    kept[id] = needs[id] != Need::kNone;
    PlanOp& op = graph.op(id);
    op.only_orders = needs[id] == Need::kOrder;
    if (op.only_orders) op.reads.clear();
  }
  graph.erase_all_but(kept);
}

}  // namespace tenon::internal
