// A GraphDef on its way into a graph.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/import/flow_structure.h"
#include "core/import/function_library.h"
#include "core/import/graph_links.h"
#include "core/import/node_adder.h"
#include "core/io/graph_def.h"
#include "core/io/unsupported.h"
#include "tenon/import_graph_def.h"

namespace tenon::internal {

class GraphImporter {
 public:
  // The file has so many bytes (NodeAdder). The GraphDef and what it views must outlive this.
  // `functions`: those of the graph that it is a function of.
  GraphImporter(const GraphDef& file, size_t bytes, const ImportOptions& options,
                const FunctionLibrary* functions = nullptr);

  // What TensorFlow saves and restores with, and what depends on it, isn't required and isn't
  // added.
  void leave_out_savers();

  // Adds the operations to the graph and answers the elements that were asked for.
  ImportedElements add_to(const std::shared_ptr<GraphState>& graph);
  // Adds what of the file is required and isn't supported.
  void gather_unsupported(Unsupported& unsupported) const;
  // The operation that was added for a name of the file; null where there is none.
  Node* added(std::string_view name) const { return adder_.added(name); }

 private:
  void find_required();
  void find_left_out();
  // Throws for what is required and can't be added.
  void check_required() const;
  ImportedElements elements_of(GraphState& graph) const;

  const GraphDef& file_;
  const ImportOptions& options_;
  const GraphLinks links_;
  const FlowStructure flow_;
  const FunctionLibrary functions_;
  NodeAdder adder_;
  std::vector<bool> required_, left_out_;
};

}  // namespace tenon::internal
