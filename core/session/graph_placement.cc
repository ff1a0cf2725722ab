#include "core/session/graph_placement.h"

#include <algorithm>
#include <vector>

#include "core/base/id.h"
#include "core/session/nodes_behind.h"

namespace tenon::internal {

namespace {

// The operations that a request runs, by node id.
std::vector<bool> needed_by(const PlanRequest& request, const GraphState& graph) {
  const NodesBehind::Nodes none;
  NodesBehind needed(none, [&](const Endpoint& value) {
    return std::none_of(request.feeds.begin(), request.feeds.end(),
                        [&](const auto& feed) { return feed.endpoint == value; });
  });
  for (const Endpoint& fetch : request.fetches) needed.add(fetch);
  for (const Node* target : request.targets) needed.add(target);
  std::vector<bool> by_id(static_cast<size_t>(graph.node_count()), false);
  for (const Node* node : needed.found()) nth(by_id, node->id) = true;
  return by_id;
}

}  // namespace

void GraphPlacement::extend() {
  if (!options_.place_pruned_graph) extend(std::vector<bool>());
}

void GraphPlacement::extend(const PlanRequest& request) {
  options_.place_pruned_graph ? extend(needed_by(request, graph_)) : extend();
}

void GraphPlacement::extend(const std::vector<bool>& wanted) {
  const size_t before = placed_.size();
  place(
      graph_, devices_.all(),
      {.allow_soft_placement = options_.allow_soft_placement, .log = options_.log_device_placement},
      placed_, wanted);
  if (placed_.size() > before) graph_.keep();  // places are known by node id
}

std::vector<PlacedOperation> GraphPlacement::list() const {
  std::vector<PlacedOperation> operations;
  for (size_t id = 0; id < placed_.size(); ++id) {
    const Node& node = *graph_.node(static_cast<int>(id));
    const Placed& placed = placed_[id];
    if (placed.device < 0) continue;
    operations.push_back({.operation = node.name,
                          .type = node.type(),
                          .device = devices_.at(placed.device).name(),
                          .reason = reason_text(node, placed)});
  }
  return operations;
}

}  // namespace tenon::internal
