// What must run for given goals.
#pragma once

#include "core/plan/plan_graph.h"

namespace tenon::internal {

// Why an operation is in a plan.
enum class Need : uint8_t {
  kNone,   // it isn't: only its shapes are wanted
  kOrder,  // for what it waits for: its own results aren't wanted
  kRun,
};

using Needs = IdVector<OpId, Need>;

// A value that is known, or of which only the shape matters, needs no producer; but what its
// producer waits for still runs, as it would in TensorFlow. Throws InvalidArgumentError (must_feed)
// where a placeholder would have to run.
Needs find_needs(const PlanGraph& graph, const PlanGraph::Goals& goals);

}  // namespace tenon::internal
