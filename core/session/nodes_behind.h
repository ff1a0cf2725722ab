// What a run needs of the graph.
#pragma once

#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/graph/graph_state.h"

namespace tenon::internal {

// Operations that are needed for what is asked for, found by going back from there. The caller
// holds the graph's lock.
class NodesBehind {
 public:
  using Nodes = std::unordered_set<const Node*>;
  // Whether what makes a value is needed, once the value is.
  using Enters = std::function<bool(const Endpoint&)>;

  // Not beyond those that ran already. `ran` must outlive it.
  NodesBehind(const Nodes& ran, Enters enters) : ran_(ran), enters_(std::move(enters)) {}

  void add(const Endpoint& value) {
    if (enters_(value)) add(value.node);
  }
  void add(const Node* op) {
    reach(op);
    while (!open_.empty()) {
      const Node& node = *open_.back();
      open_.pop_back();
      for (const Endpoint& input : node.inputs) {
        if (enters_(input)) reach(input.node);
      }
      for (const Node* control : node.control_inputs) reach(control);
      if (node.flow == nullptr) continue;
      for (const Body* body : node.flow->bodies) {
        for (const Node* inside : body->nodes) reach(inside);
      }
    }
  }

  const Nodes& found() const { return found_; }

 private:
  void reach(const Node* op) {
    if (!ran_.contains(op) && found_.insert(op).second) open_.push_back(op);
  }

  const Nodes& ran_;
  const Enters enters_;
  Nodes found_;
  std::vector<const Node*> open_;
};

}  // namespace tenon::internal
