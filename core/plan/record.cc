// Record: finds the parts of a plan that a device may record and run again as one.
#include <algorithm>

#include "core/plan/passes.h"
#include "core/plan/plan.h"

namespace tenon::internal {
namespace {

// Whether a run differs from the one before in nothing but addresses: then a device that can may
// record it. A kernel that draws random numbers, reads the host's memory or asks for versions is
// told something new each time.
bool is_recordable(const PlanOp& op, const Kernel& kernel, const PlanEnvironment& environment) {
  if (environment.memory_of(op.device) == kHostMemory) return false;
  if (op.kind == StepKind::kCopy || op.kind == StepKind::kAssign) return true;
  const KernelRegistration* const found = registration_of(op, environment);
  return found != nullptr && found->recordable && op.host_inputs.empty() &&
         kernel.random_blocks == 0 && !kernel.wants_versions;
}

void add(const Plan& plan, const std::vector<int>& slots, std::vector<int>& varying) {
  for (const int slot : slots) {
    if (slot < 0 || contains(varying, slot)) continue;
    const Slot::Place place = nth(plan.slots, slot).place;
    const bool varies = place == Slot::Place::kFeed || place == Slot::Place::kVariable ||
                        place == Slot::Place::kOutput || place == Slot::Place::kMade;
    if (varies) varying.push_back(slot);
  }
}

Segment segment_of(const Plan& plan, size_t begin, size_t end) {
  Segment segment{.begin = begin, .end = end, .device = plan.steps[begin].device};
  for (size_t i = begin; i < end; ++i) {
    const Step& step = plan.steps[i];
    add(plan, step.inputs, segment.slots);
    add(plan, step.outputs, segment.slots);
    if (step.kind == StepKind::kAssign) segment.assignments.push_back(i);
  }
  return segment;
}

}  // namespace

void record(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan) {
  constexpr size_t kFewest = 2;  // a single step gains nothing
  const std::vector<OpId> steps = steps_of(graph);
  for (size_t i = 0; i < steps.size(); ++i) {
    plan.steps[i].recordable = is_recordable(graph.op(steps[i]), plan.steps[i].kernel, environment);
  }
  for (size_t begin = 0; begin < plan.steps.size();) {
    const int device = plan.steps[begin].device;
    size_t end = begin;
    while (end < plan.steps.size() && plan.steps[end].recordable &&
           plan.steps[end].device == device) {
      ++end;
    }
    if (end - begin >= kFewest) plan.segments.push_back(segment_of(plan, begin, end));
    begin = std::max(end, begin + 1);
  }
}

}  // namespace tenon::internal
