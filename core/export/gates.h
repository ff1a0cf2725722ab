// Control inputs that keep readers of variables before writers.
//
// In a run of Tenon's a read of a variable that nothing orders after a write sees the value from
// before. TensorFlow reads a reference variable's memory whenever it comes to it: so its own
// gradients are gated, and graphs that are written for it get what comes to the same. A writer
// waits for readers that it may run beside, where these need no more than itself does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/graph/node.h"

namespace tenon::internal {

class Gates {
 public:
  // Of all nodes that are written, of a graph that has so many.
  Gates(const std::vector<Node*>& nodes, size_t count);

  // What the node waits for besides its own control inputs.
  const std::vector<const Node*>& of(const Node& node) const;

 private:
  // A set of nodes that is emptied at no cost.
  class NodeSet {
   public:
    explicit NodeSet(size_t nodes) : marks_(nodes) {}
    void clear() { ++mark_; }
    bool insert(const Node& node) { return std::exchange(mark_of(node), mark_) != mark_; }
    bool contains(const Node& node) const { return marks_[static_cast<size_t>(node.id)] == mark_; }

   private:
    uint32_t& mark_of(const Node& node) { return marks_[static_cast<size_t>(node.id)]; }

    std::vector<uint32_t> marks_;
    uint32_t mark_ = 1;
  };

  void add_gates(const Node& writer);
  // What reads the memory of a variable, or of a value that shares it.
  void find_readers(const Node& holder, std::vector<const Node*>& readers) const;
  const std::vector<const Node*>& users_of(const Node& node) const;
  // The node and all that depends on it.
  std::vector<const Node*> find_later(const Node& node);
  // These nodes and all that they depend on.
  static void find_before(std::vector<const Node*> nodes, NodeSet& found);
  bool needs_more(const Node& reader);

  std::unordered_map<const Node*, std::vector<const Node*>> users_;
  // Of the writer that is looked at: what depends on it, what it depends on, and all that a run may
  // need together with it.
  NodeSet later_, needed_, together_, seen_;
  std::map<const Node*, std::vector<const Node*>> gates_;
};

}  // namespace tenon::internal
