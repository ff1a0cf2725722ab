// Marks what must run. A value that is known, or of which only the shape matters, needs no
// producer; but what its producer waits for still runs, as it would in TensorFlow.
#include <algorithm>

#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

class Marker {
 public:
  explicit Marker(PlanGraph& plan) : plan_(plan) {}

  void want_value(int value, Need need) {
    const PlanValue& wanted = plan_.value(value);
    if (wanted.producer >= 0) want(wanted.producer, wanted.constant ? Need::kOrder : need);
  }
  void want(int op, Need need) { open_.emplace_back(op, need); }

  void run() {
    while (!open_.empty()) {
      const auto [index, need] = open_.back();
      open_.pop_back();
      mark(plan_.op(index), need);
    }
  }

 private:
  void mark(PlanOp& op, Need need) {
    const OpDef& def = *op.node->def;
    const bool acts = (def.stateful || !def.writes.empty()) && !def.is_variable;
    if (need == Need::kOrder && acts) need = Need::kRun;
    if (op.need >= need) return;
    op.need = need;
    if (op.runs() && def.action == PlanAction::kPlaceholder) fail_unfed(*op.node);
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      const bool unused = need == Need::kOrder || contains(def.shape_only, static_cast<int>(i));
      want_value(op.inputs[i], unused ? Need::kOrder : Need::kRun);
    }
    for (const int control : op.controls) want(control, Need::kRun);
  }

  PlanGraph& plan_;
  std::vector<std::pair<int, Need>> open_;
};

}  // namespace

void mark_needed(PlanGraph& plan, const std::vector<int>& values,
                 const std::vector<Node*>& targets) {
  Marker marker(plan);
  for (const int value : values) marker.want_value(value, Need::kRun);
  for (size_t i = 0; i < plan.ops.size(); ++i) {
    if (std::find(targets.begin(), targets.end(), plan.ops[i].node) != targets.end()) {
      marker.want(static_cast<int>(i), Need::kRun);
    }
  }
  marker.run();
}

}  // namespace tenon::internal
