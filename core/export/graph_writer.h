// A graph on its way out: its operations as TensorFlow's.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/export/gates.h"
#include "core/export/written_scope.h"
#include "core/graph/graph_state.h"
#include "core/io/graph_def_writer.h"
#include "core/io/unsupported.h"
#include "tenon/tensor.h"

namespace tenon::internal {

struct GraphWriterOptions {
  // What TensorFlow hasn't got is written under Tenon's own name: for reading alone.
  bool keeps_own_types = false;
  bool clear_devices = false;
  const std::map<const Node*, Tensor>* frozen = nullptr;  // variables that are written as constants
  const std::set<const Node*>* needed = nullptr;          // without it all are written
};

// The caller holds the graph's lock as long as this lives.
class GraphWriter {
 public:
  explicit GraphWriter(const GraphState& graph, const GraphWriterOptions& options = {});

  // Writes the nodes. Throws UnimplementedError (no_kernel) naming all that can't be.
  void write();
  WrittenScope& scope() { return scope_; }
  // The GraphDef, with what was added to the scope.
  std::string finish();

  // For the bodies of conditionals and loops.
  void write_node(WrittenScope& scope, Node& node);
  WrittenValue value(const WrittenScope& scope, const Endpoint& endpoint, const Node& user);
  // Of lists, which a loop hands to its gradient, kVariant; of handles as TensorFlow has them; of a
  // frozen variable that of its value.
  DType dtype_of(const Endpoint& endpoint) const;
  // Takes a name for a function.
  std::string function_name(const std::string& wanted);
  void add_function(const WrittenFunction& function) { append_function(library_, function); }
  void refuse(const std::string& what, const Node& node) { refused_.add(what, node.name); }
  const std::string& device_of(const Node& node) const;
  std::vector<std::string> controls_of(const WrittenScope& scope, const Node& node) const;

 private:
  void write_call(WrittenScope& scope, Node& node);
  bool is_frozen(const Endpoint& endpoint) const;
  bool write_frozen(WrittenScope& scope, Node& node, const NewNode& like);
  bool can_be_written(const WrittenScope& scope, const Node& node);
  NewNode plain(const WrittenScope& scope, const Node& node);
  void add(WrittenScope& scope, Node& node, const NewNode& written);
  void write_types_of_handles(const Node& node, AttrMap& attrs) const;

  const GraphState& graph_;
  const GraphWriterOptions options_;
  WrittenScope scope_{kNodeOfGraph};
  std::optional<Gates> gates_;
  std::string library_;
  TakenNames functions_;
  Unsupported refused_;
};

}  // namespace tenon::internal
