// Place: which device each operation runs on. As in TensorFlow the whole graph is placed, fetched
// or not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/graph/graph_state.h"

namespace tenon::internal {

struct PlacementOptions {
  bool allow_soft_placement = false;
  bool log = false;  // one line an operation to standard error
};

// Where an operation is, and why.
struct Placed {
  enum class Why : uint8_t {
    kDefault,      // nothing was asked: the first GPU, else the first device
    kNoGpuKernel,  // nothing was asked, but no GPU can run `because`
    kAsked,
    kVariable,   // shares the memory of the variable `because`
    kColocated,  // with `because`
    kNoDevice,   // softly: what it asked for isn't there
    kNoKernel,   // softly: what it asked for can't run `because`
  };
  int device = -1;  // index into the session's devices; -1: it has no place yet
  Why why = Why::kDefault;
  const Node* because = nullptr;
};

// Extends `placement` (by node id) to all nodes of the graph; to those that `wanted` (by node id)
// says, unless it is empty: then the others count for nothing. What shares the memory
// of a variable, or is colocated, lies on one device: that which its first member asked for, else
// the first GPU of the first device's task with kernels for all of it, else the first device.
// Softly, what isn't there is looked for on the same task. Throws InvalidArgumentError
// (bad_placement) that lists the devices, having changed nothing. The caller holds the graph's
// lock.
void place(const GraphState& graph, const std::vector<Device*>& devices,
           const PlacementOptions& options, std::vector<Placed>& placement,
           const std::vector<bool>& wanted = {});

// The reason in one line: "asked for /device:GPU:1".
std::string reason_text(const Node& node, const Placed& placed);

}  // namespace tenon::internal
