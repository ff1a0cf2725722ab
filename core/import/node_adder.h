// The operations of a GraphDef, added one by one to a graph.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/import/function_library.h"
#include "core/import/graph_links.h"
#include "core/io/graph_def.h"
#include "core/io/unsupported.h"
#include "tenon/import_graph_def.h"

namespace tenon::internal {

class NodeAdder {
 public:
  // The file has so many bytes: a constant that takes more than sixteen times that isn't written
  // out. What is given must outlive this.
  NodeAdder(const GraphDef& file, size_t bytes, const ImportOptions& options,
            const GraphLinks& links, const FunctionLibrary& functions);

  // Adds what of the node isn't supported.
  void check_support(size_t index, Unsupported& unsupported) const;
  // Adds the node, whose inputs have been added.
  void add(GraphState& graph, size_t index);
  // Adds an Identity of the node's name, which it stands for, and whose controls it takes.
  void add_as_identity(GraphState& graph, size_t index, const Output& of);
  // In place of the node stands something that has been added already.
  void stand_for(size_t index, std::vector<Output> outputs);
  void stand_for(size_t index, Node* node) { made_[index] = node; }
  void forget(size_t index);

  // What was added for a node; null where nothing was, or none of its name.
  Node* made(size_t index) const { return made_[index]; }
  Node* added(std::string_view name) const;
  // What stands for an output of the node; null where it is the node's own.
  const Output* stand_in(size_t index, int output) const;
  bool is_there(size_t index) const { return made_[index] != nullptr || outputs_.contains(index); }
  Output value_of(GraphState& graph, const GraphLinks::Edge& edge, size_t user) const {
    return graph.handle(endpoint_of(edge, file_.nodes[user]));
  }
  std::vector<Node*> controls_of(size_t index) const;
  std::string full_name(std::string_view name) const;

 private:
  AttrMap attrs_of(size_t index) const;
  Endpoint endpoint_of(const GraphLinks::Edge& edge, const NodeDef& user) const;
  Node* make(GraphState& graph, size_t index);
  Node* add_expanded(GraphState& graph, size_t index);
  void place(Node& node, const NodeDef& def) const;

  const GraphDef& file_;
  const ImportOptions& options_;
  const uint64_t most_bytes_;  // of a constant
  const GraphLinks& links_;
  const FunctionLibrary& functions_;
  const size_t bytes_;
  std::vector<Node*> made_;
  std::unordered_map<size_t, std::vector<Output>> outputs_;  // where they aren't made_'s
};

}  // namespace tenon::internal
