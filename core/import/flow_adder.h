// Adds what of a GraphDef is to be added, region by region: conditionals and loops as If and While.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/import/flow_structure.h"
#include "core/import/graph_links.h"
#include "core/import/node_adder.h"

namespace tenon::internal {

class FlowAdder {
 public:
  // Of each node: whether it must be added, and whether it isn't. What is neither is tried.
  struct Choice {
    const std::vector<bool>&required, &left_out;
  };
  // The graph is the default one, and locked by the caller.
  FlowAdder(GraphState& graph, const GraphLinks& links, const FlowStructure& flow, NodeAdder& adder,
            const Choice& choice);

  void add_all() { add(flow_.graph(), false); }

 private:
  using Variables = std::vector<FlowConstruct::Variable>;

  // `all`: what isn't left out must be added.
  void add(const FlowRegion& region, bool all);
  void add_node(size_t index);
  void try_to_add(const FlowItem& item);
  void add(const FlowConstruct& construct);
  bool is_required(const FlowConstruct& construct) const;
  bool all_there(size_t index) const;
  void forget(const FlowConstruct& construct);

  void add_conditional(const FlowConstruct& construct);
  void add_branch(const FlowConstruct& construct, size_t part, const std::vector<size_t>& merges,
                  std::vector<Output>& results);
  void add_loop(const FlowConstruct& construct);
  Variables variables_of(const FlowConstruct& construct) const;
  std::vector<Output> add_rounds(class LoopBuilder& loop, const FlowConstruct& construct,
                                 const Variables& variables, Output& goes_on);
  // `node` stands for the first, which it is named after, Identities for the others.
  void hand_out(const std::vector<size_t>& nodes, const std::vector<Output>& outputs);
  std::string name_after(const std::vector<size_t>& nodes, std::string_view otherwise) const;
  Output input_of(size_t node, size_t input) {
    return adder_.value_of(graph_, links_.of(node).inputs[input], node);
  }

  GraphState& graph_;
  const GraphLinks& links_;
  const FlowStructure& flow_;
  NodeAdder& adder_;
  const Choice choice_;
  std::set<size_t> indexed_;  // Merges of which somebody asks which input had a value
};

}  // namespace tenon::internal
