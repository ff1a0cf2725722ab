// Place: which device each operation runs on. As in TensorFlow the whole graph is placed, fetched
// or not.
#pragma once

#include <vector>

#include "core/backend/backend.h"
#include "core/graph/graph_state.h"

namespace tenon::internal {

struct PlacementOptions {
  bool allow_soft_placement = false;
  bool log = false;  // one line an operation to standard error
};

// Extends `placement` (by node id: an index into `devices`) to the nodes that the graph has grown
// by. What shares the memory of a variable, or is colocated, lies on one device: that which its
// first member asked for, else the first GPU with kernels for all of it, else the first device.
// Throws InvalidArgumentError (bad_placement) that lists the devices, having changed nothing.
// The caller holds the graph's lock.
void place(const GraphState& graph, const std::vector<Device*>& devices,
           const PlacementOptions& options, std::vector<int>& placement);

}  // namespace tenon::internal
