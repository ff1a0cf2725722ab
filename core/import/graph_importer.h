// A GraphDef on its way into a graph.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/import/legacy_ops.h"
#include "core/import/unsupported.h"
#include "core/io/graph_def.h"
#include "tenon/import_graph_def.h"

namespace tenon::internal {

class GraphImporter {
 public:
  // The file has so many bytes: a constant that takes more than sixteen times that isn't written
  // out. The GraphDef and what it views must outlive this.
  GraphImporter(const GraphDef& file, size_t bytes, const ImportOptions& options);

  // What TensorFlow saves and restores with, and what depends on it, isn't required and isn't
  // added.
  void leave_out_savers();

  // Adds the operations to the graph and answers the elements that were asked for.
  ImportedElements add_to(const std::shared_ptr<GraphState>& graph);
  // The operation that was added for a name of the file; null where there is none.
  Node* added(std::string_view name) const;

 private:
  // An input as the file has it: the output of another node, or a tensor of input_map.
  struct Edge {
    size_t node = 0;
    int output = 0;
    const Output* mapped = nullptr;
  };
  struct Links {
    std::vector<Edge> inputs = {};
    std::vector<size_t> controls = {};
  };

  // The node and output of "a", "a:1"; throws where the file has no such node.
  Edge edge_of(std::string_view name, std::string_view asked_by);
  const Output* mapped(const std::string& node, int output);
  void link();
  void find_required();
  void check_mapped() const;
  // All nodes in the order of the file as far as inputs come first, without those that depend on
  // themselves.
  std::vector<size_t> inputs_first() const;
  std::vector<size_t> producers_of(size_t index) const;

  // Adds what of the node isn't supported.
  void check_support(size_t index, Unsupported& unsupported) const;
  // Throws for what is required and can't be added.
  void check_required() const;
  bool can_add(size_t index) const;
  void try_to_add(GraphState& graph, size_t index);
  ImportedElements elements_of(GraphState& graph) const;
  AttrMap attrs_of(size_t index) const;
  Endpoint endpoint_of(const Edge& edge, const NodeDef& user) const;
  Node* add(GraphState& graph, size_t index);
  Node* add_expanded(GraphState& graph, size_t index);
  void place(Node& node, const NodeDef& def) const;
  std::string full_name(std::string_view name) const;

  const GraphDef& file_;
  const ImportOptions& options_;
  const uint64_t most_bytes_;  // of a constant
  std::unordered_map<std::string_view, size_t> by_name_;
  std::vector<Links> links_;
  std::vector<size_t> order_;
  std::vector<bool> required_, left_out_;
  std::vector<Node*> made_;
  std::unordered_map<size_t, std::vector<Output>> expanded_;  // of what several operations make
  std::set<std::string> used_maps_;
};

}  // namespace tenon::internal
