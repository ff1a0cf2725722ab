// Finds programs that make operations in the loop that runs them.
#pragma once

#include <cstdint>

#include "core/graph/graph_state.h"

namespace tenon::internal {

// Warns, once, when many runs found that the graph had grown since the run before.
class GraphGrowth {
 public:
  explicit GraphGrowth(bool warns) : warns_(warns) {}

  // Before each run, under the graph's lock.
  void look_at(const GraphState& graph);

 private:
  bool warns_;
  int64_t runs_ = 0, grown_ = 0;
  int first_ = 0, last_ = 0;  // numbers of operations: at the first run, at the last one
};

}  // namespace tenon::internal
