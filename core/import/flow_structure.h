// The conditionals and loops of a GraphDef, with what stands in each in the order to make it.
//
// A conditional is what hangs together in the branches of one decision: several of one predicate,
// one after the other, are several conditionals, and so are a conditional and its gradient.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/import/flow_places.h"
#include "core/import/graph_links.h"

namespace tenon::internal {

struct FlowConstruct;

// A node, or a conditional or loop.
struct FlowItem {
  size_t node = 0;
  FlowConstruct* construct = nullptr;
};

struct FlowRegion {
  FlowConstruct* of = nullptr;  // null: the graph itself
  std::vector<FlowItem> items = {};
};

struct FlowConstruct {
  bool repeats = false;
  size_t number = 0;  // behind those of all nodes
  FlowRegion* outer = nullptr;
  std::array<FlowRegion, 2> parts = {};  // true and false; a loop's condition and body
  bool is_used = false;                  // whether anything outside takes of it

  // A conditional's predicate and Merges.
  GraphLinks::Edge predicate = {};
  std::vector<size_t> merges = {};

  // A loop's LoopCond, and of its variables the Merge, and the Enter, NextIteration, Switch and
  // Exit around it; kNoNode: there is none.
  static constexpr size_t kNoNode = static_cast<size_t>(-1);
  struct Variable {
    size_t merge = kNoNode, enter = kNoNode, next = kNoNode, toggle = kNoNode, exit = kNoNode;
  };
  size_t loop_cond = kNoNode;
  std::vector<Variable> variables = {};
};

class FlowStructure {
 public:
  explicit FlowStructure(const GraphLinks& links);
  FlowStructure(const FlowStructure&) = delete;
  FlowStructure& operator=(const FlowStructure&) = delete;

  const FlowRegion& graph() const { return graph_; }
  const FlowPlaces::Of& place(size_t node) const { return places_[node]; }
  const std::string& trouble_of(size_t node) const { return places_.trouble_of(node); }
  // Whether the node stands in no order in which all could be made.
  bool is_cyclic(size_t node) const { return !is_sorted_[node]; }

 private:
  // A decision whose branch a node stands in: the outermost first.
  struct Level {
    size_t decision = 0;
    int stage = 0;          // which of the decision's conditionals, counted along the graph
    bool is_fixed = false;  // the node is in a loop that stands in the branch
  };

  // An item, by number, and the region that it is in.
  struct Spot {
    size_t item = 0;
    FlowRegion* region = nullptr;
  };

  void find_levels();
  void find_stages();
  void find_constructs();
  FlowConstruct* ended_by(size_t merge);
  void add_loop_node(size_t node);
  void sort();
  void add_orders_of(size_t node);
  void add_order(Spot before, Spot after);
  Spot spot_of(size_t node) { return {node, regions_[node]}; }

  size_t shared_levels(size_t a, size_t b) const;
  size_t element(size_t node, size_t level) const { return first_element_[node] + level; }
  size_t leader(size_t element);
  FlowRegion* region_of(size_t node);
  FlowConstruct& add_construct(FlowRegion* outer);
  FlowConstruct* conditional(FlowRegion* outer, size_t decision, int stage, size_t leader);
  FlowConstruct* loop(FlowRegion* outer, size_t frame);
  const GraphLinks& links_;
  const FlowPlaces places_;
  std::vector<std::vector<Level>> levels_;
  std::vector<int> merge_stages_;
  std::vector<size_t> first_element_, leaders_;
  FlowRegion graph_;
  std::vector<FlowRegion*> regions_;  // of each node; null: it isn't known
  std::deque<FlowConstruct> constructs_;
  std::map<std::tuple<FlowRegion*, size_t, int, size_t>, FlowConstruct*> conditionals_;
  std::map<std::pair<FlowRegion*, size_t>, FlowConstruct*> loops_;
  std::vector<std::vector<size_t>> waiting_;  // by item: nodes, then constructs
  std::vector<bool> is_sorted_;
};

}  // namespace tenon::internal
