// Cut: ends the plan before the first shapes that depend on values of the run. What those values
// need runs now, the rest is planned when they are known.
#include <algorithm>

#include "core/graph/body.h"
#include "core/plan/need.h"
#include "core/plan/passes.h"
#include "core/plan/write_order.h"

namespace tenon::internal {
namespace {

class Cutter {
 public:
  Cutter(PlanGraph& plan, const PlanRequest& request)
      : plan_(plan), request_(request), writes_(plan), needs_(needs_of(plan.cut_values)) {}

  std::unique_ptr<PlanRest> run() {
    std::vector<ValueId> wanted = plan_.cut_values;
    const std::vector<ValueId> reads = reads_before_writes();
    wanted.insert(wanted.end(), reads.begin(), reads.end());
    needs_ = needs_of(wanted);
    auto rest = std::make_unique<PlanRest>();
    rest->done = request_.done;
    for (const OpId id : plan_.ops()) {
      const PlanOp& op = plan_.op(id);
      if (runs(id) && !op.def().is_variable && !is_name(plan_, op)) rest->done.push_back(op.node);
    }
    collect_frontier(*rest);
    plan_.goals = {.values = wanted, .ops = plan_.cut_ops};
    return rest;
  }

 private:
  Needs needs_of(const std::vector<ValueId>& values) const {
    return find_needs(plan_, {.values = values, .ops = plan_.cut_ops});
  }
  bool runs(OpId op) const { return needs_[op] == Need::kRun; }

  // A read that a write of this part would overwrite is made in this part.
  std::vector<ValueId> reads_before_writes() {
    std::vector<VariableId> written;
    for (const OpId id : plan_.ops()) {
      const std::vector<VariableId>& writes = plan_.op(id).writes;
      if (runs(id)) written.insert(written.end(), writes.begin(), writes.end());
    }
    std::vector<ValueId> reads;
    for (const OpId id : plan_.ops()) {
      const PlanOp& op = plan_.op(id);
      if (runs(id) || op.deferred || !op.writes.empty() || op.outputs().size() != 1) continue;
      if (is_name(plan_, op)) continue;
      if (std::any_of(op.reads.begin(), op.reads.end(),
                      [&](VariableId variable) { return contains(written, variable); })) {
        reads.push_back(op.output());
      }
    }
    find_kept_names();
    reads.insert(reads.end(), kept_names_.begin(), kept_names_.end());
    return reads;
  }

  // Names of reference variables under which the rest reads what a write of this part, which it
  // must not see, overwrites: they are read in this part. The rest reads the others itself.
  void find_kept_names() {
    for (const OpId id : plan_.ops()) {
      const PlanOp& user = plan_.op(id);
      if (runs(id) || is_name(plan_, user)) continue;
      for (const ValueId input : user.inputs()) keep_name(id, input);
    }
    for (const ValueId fetch : plan_.fetches()) keep_name(plan_.value(fetch).producer(), fetch);
  }

  void keep_name(OpId user, ValueId value) {
    const OpId producer = plan_.value(value).producer();
    if (!producer.exists() || plan_.op(producer).deferred) return;
    if (!is_name(plan_, plan_.op(producer)) || !reads_as_before(user, value)) return;
    if (!contains(kept_names_, value)) kept_names_.push_back(value);
  }

  // Whether an operation that takes a name reads the variable as it was before this part wrote it.
  bool reads_as_before(OpId user, ValueId name) const {
    bool is_written = false;
    for (const OpId writer : writes_.writers_of(reference_behind(plan_, name))) {
      if (!runs(writer)) continue;
      if (writes_.precedes(writer, user)) return false;
      is_written = true;
    }
    return is_written;
  }

  // Those of the rest that read by a name what this part has written: they read it anew.
  std::vector<const Node*> readers_anew(ValueId name) const {
    std::vector<const Node*> readers;
    if (!contains(kept_names_, name)) return readers;
    for (const OpId id : plan_.ops()) {
      const PlanOp& user = plan_.op(id);
      if (runs(id) || !contains(user.inputs(), name) || reads_as_before(id, name)) continue;
      readers.push_back(user.node);
    }
    return readers;
  }

  // What the rest takes from this part: values that cross the cut.
  void collect_frontier(PlanRest& rest) {
    std::vector<ValueId> crossing;
    for (const ValueId value : plan_.cut_values) {
      if (plan_.value(value).producer().exists()) {
        crossing.push_back(value);
      } else {
        rest.known_feeds.push_back(plan_.value(value).feed());
      }
    }
    const auto cross = [&](ValueId value) {
      if (!contains(crossing, value) && crosses(value)) crossing.push_back(value);
    };
    for (const OpId id : plan_.ops()) {
      if (runs(id)) continue;
      for (const ValueId input : plan_.op(id).inputs()) cross(input);
    }
    for (const ValueId fetch : plan_.fetches()) cross(fetch);
    for (const ValueId value : crossing) {
      const PlanOp& producer = plan_.op(plan_.value(value).producer());
      rest.frontier.push_back({const_cast<Node*>(producer.node), output_number(producer, value)});
      rest.decides_shapes.push_back(contains(plan_.cut_values, value));
      rest.not_for.push_back(readers_anew(value));
    }
    plan_.set_fetches(std::move(crossing));
  }

  static int output_number(const PlanOp& op, ValueId value) {
    const auto at = std::find(op.outputs().begin(), op.outputs().end(), value);
    return static_cast<int>(at - op.outputs().begin());
  }

  // Whether a value that this part computes must be handed to the rest: not where it is a
  // variable's memory, which the rest finds by itself.
  bool crosses(ValueId value) const {
    const PlanValue& of = plan_.value(value);
    if (!of.producer().exists() || !runs(of.producer())) return false;
    const PlanOp& producer = plan_.op(of.producer());
    if (of.dtype == DType::resource) return is_list_of_rounds(producer, value);
    if (producer.def().is_variable) return false;
    if (is_name(plan_, producer)) return contains(kept_names_, value);
    return !nth(producer.node->output_refs, output_number(producer, value));
  }

  // What a loop hands to its gradient, which may be planned when shapes of its results are known;
  // else it is a variable's handle.
  bool is_list_of_rounds(const PlanOp& producer, ValueId value) const {
    if (producer.def().action == PlanAction::kLoop) {
      return output_number(producer, value) > static_cast<int>(producer.node->flow->variables);
    }
    return !producer.def().is_variable &&
           std::none_of(producer.inputs().begin(), producer.inputs().end(),
                        [&](ValueId input) { return plan_.value(input).dtype == DType::resource; });
  }

  PlanGraph& plan_;
  const PlanRequest& request_;
  const WriteOrder writes_;
  Needs needs_;  // of this part
  std::vector<ValueId> kept_names_;
};

}  // namespace

std::unique_ptr<PlanRest> cut(PlanGraph& plan, const PlanRequest& request) {
  const bool whole = plan.cut_values.empty() && plan.cut_ops.empty();
  return whole ? nullptr : Cutter(plan, request).run();
}

}  // namespace tenon::internal
