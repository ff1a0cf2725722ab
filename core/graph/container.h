// The container of variables that a thread makes (tenon::container).
#pragma once

#include <string>

#include "core/graph/graph_state.h"

namespace tenon::internal {

struct ContainerInForce {
  std::string name;  // "": the task's own
  static ContainerInForce& of(GraphState& graph) {
    return graph.thread_extension<ContainerInForce>();
  }
};

}  // namespace tenon::internal
