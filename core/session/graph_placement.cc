#include "core/session/graph_placement.h"

#include <algorithm>
#include <vector>

#include "core/base/id.h"

namespace tenon::internal {

namespace {

// The operations that a request runs, by node id.
class Needed {
 public:
  Needed(const GraphState& graph, const PlanRequest& request)
      : needed_(static_cast<size_t>(graph.node_count()), false) {
    for (const Endpoint& fetch : request.fetches) {
      if (!is_fed(request, fetch)) add(fetch.node);
    }
    for (const Node* target : request.targets) add(target);
    while (!waiting_.empty()) {
      const Node* node = waiting_.back();
      waiting_.pop_back();
      for (const Endpoint& input : node->inputs) {
        if (!is_fed(request, input)) add(input.node);
      }
      for (const Node* before : node->control_inputs) add(before);
    }
  }
  const std::vector<bool>& by_id() const { return needed_; }

 private:
  static bool is_fed(const PlanRequest& request, const Endpoint& endpoint) {
    return std::any_of(request.feeds.begin(), request.feeds.end(),
                       [&](const auto& feed) { return feed.endpoint == endpoint; });
  }

  void add(const Node* node) {
    if (nth(needed_, node->id)) return;
    nth(needed_, node->id) = true;
    waiting_.push_back(node);
  }

  std::vector<bool> needed_;
  std::vector<const Node*> waiting_;
};

}  // namespace

void GraphPlacement::extend() {
  if (!options_.place_pruned_graph) extend(std::vector<bool>());
}

void GraphPlacement::extend(const PlanRequest& request) {
  options_.place_pruned_graph ? extend(Needed(graph_, request).by_id()) : extend();
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
