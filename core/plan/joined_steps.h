// How passes find steps that follow each other and become one.
#pragma once

#include "core/plan/plan_graph.h"

namespace tenon::internal {

// extend(step) takes a step into the group that is being made, if it fits; close() ends the group,
// and the step begins another one.
template <class Extend, class Close>
void group_steps(const PlanGraph& plan, Extend extend, Close close) {
  for (const OpId id : steps_of(plan)) {
    if (extend(id)) continue;
    close();
    extend(id);
  }
  close();
}

}  // namespace tenon::internal
