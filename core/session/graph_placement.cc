#include "core/session/graph_placement.h"

namespace tenon::internal {

void GraphPlacement::extend() {
  const size_t before = placed_.size();
  place(
      graph_, devices_.all(),
      {.allow_soft_placement = options_.allow_soft_placement, .log = options_.log_device_placement},
      placed_);
  if (placed_.size() > before) graph_.keep();  // places are known by node id
}

std::vector<PlacedOperation> GraphPlacement::list() const {
  std::vector<PlacedOperation> operations;
  for (size_t id = 0; id < placed_.size(); ++id) {
    const Node& node = *graph_.node(static_cast<int>(id));
    const Placed& placed = placed_[id];
    operations.push_back({.operation = node.name,
                          .type = node.type(),
                          .device = devices_.at(placed.device).name(),
                          .reason = reason_text(node, placed)});
  }
  return operations;
}

}  // namespace tenon::internal
