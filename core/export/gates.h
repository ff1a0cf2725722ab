// Control inputs that keep readers of variables before writers.
//
// In a run of Tenon's a read of a variable that nothing orders after a write sees the value from
// before. TensorFlow reads a reference variable's memory whenever it comes to it: so its own
// gradients are gated, and graphs that are written for it get what comes to the same. A writer
// waits for readers that it may run beside, where these need no more than itself does.
#pragma once

#include <cstddef>
#include <vector>

#include "core/graph/node.h"

namespace tenon::internal {

class Gates {
 public:
  // Of all nodes that are written, in the order of their making, of a graph that has so many.
  Gates(const std::vector<Node*>& nodes, size_t count);

  // What the node waits for besides its own control inputs.
  const std::vector<const Node*>& of(const Node& node) const {
    return gates_[static_cast<size_t>(node.id)];
  }

 private:
  std::vector<std::vector<const Node*>> gates_;  // by node id
};

}  // namespace tenon::internal
