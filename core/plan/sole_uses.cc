#include "core/plan/sole_uses.h"

#include <algorithm>

namespace tenon::internal {

SoleUses::SoleUses(const PlanGraph& plan)
    : plan_(plan),
      writes_(plan),
      uses_(plan.value_count(), 0),
      waited_for_(plan.op_count(), false) {
  for (const OpId id : plan.ops()) {
    for (const ValueId input : plan.op(id).inputs()) ++uses_[input];
    for (const OpId control : plan.op(id).controls()) waited_for_[control] = true;
  }
  for (const ValueId fetch : plan.fetches()) uses_[fetch] += 2;
}

OpId SoleUses::producer(OpId user, ValueId value) const {
  const PlanValue& used = plan_.value(value);
  const OpId id = used.producer();
  if (!id.exists() || used.constant || uses_[value] != 1) return {};
  const PlanOp& producer = plan_.op(id);
  const bool free = !producer.only_orders && producer.outputs().size() == 1 &&
                    producer.writes.empty() && producer.device == plan_.op(user).device &&
                    !waited_for_[id];
  return free && reads_alike(id, user) ? id : OpId();
}

// Whether a producer sees the same values of variables where its user runs.
bool SoleUses::reads_alike(OpId producer, OpId user) const {
  if (!writes_.has_writes()) return true;
  const std::span<const ValueId> inputs = plan_.op(producer).inputs();
  return std::all_of(inputs.begin(), inputs.end(), [&](ValueId input) {
    const VariableId variable = reference_behind(plan_, input);
    return !variable.exists() ||
           writes_.before(variable, producer) == writes_.before(variable, user);
  });
}

}  // namespace tenon::internal
