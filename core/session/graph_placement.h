// Where a session puts the operations of its graph.
#pragma once

#include <vector>

#include "core/graph/graph_state.h"
#include "core/plan/place.h"
#include "core/plan/plan_request.h"
#include "core/session/session_devices.h"

namespace tenon::internal {

// The caller holds the graph's lock during each call.
class GraphPlacement {
 public:
  GraphPlacement(GraphState& graph, const SessionDevices& devices, const SessionOptions& options)
      : graph_(graph), devices_(devices), options_(options) {}

  // Gives what the graph has grown by a place, unless that is only for what is run
  // (SessionOptions::place_pruned_graph). Throws InvalidArgumentError (bad_placement).
  void extend();
  // The same, and what the request runs.
  void extend(const PlanRequest& request);
  int device_of(const Node& node) const { return placed_[static_cast<size_t>(node.id)].device; }
  // Of all operations that have a place.
  std::vector<PlacedOperation> list() const;

 private:
  // `wanted`: see place.
  void extend(const std::vector<bool>& wanted);

  GraphState& graph_;
  const SessionDevices& devices_;
  const SessionOptions& options_;
  std::vector<Placed> placed_;  // by node id
};

}  // namespace tenon::internal
