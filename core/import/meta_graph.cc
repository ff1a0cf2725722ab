#include "core/import/meta_graph.h"
#include "core/base/caller_line.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/graph/variable_name.h"
#include "core/import/graph_file.h"
#include "core/import/graph_importer.h"
#include "core/import/reading.h"
#include "core/import/tensor_name.h"
#include "core/io/graph_def.h"
#include "core/io/meta_graph_def.h"
#include "core/saver/meta_graph_writer.h"
#include "core/variables/variable_state.h"
#include "tenon/collections.h"

namespace tenon {
namespace internal {

namespace {

class MetaGraphImporter {
 public:
  MetaGraphImporter(const MetaGraphDef& file, const GraphImporter& importer,
                    std::shared_ptr<GraphState> graph)
      : file_(file), importer_(importer), graph_(std::move(graph)) {}

  std::vector<Variable> add_collections() {
    std::map<std::string, std::shared_ptr<VariableState>> states;
    std::vector<Variable> variables;
    // Other collections of messages mean nothing here.
    for (const std::string_view key : kVariableCollections) {
      const auto found = file_.messages.find(std::string(key));
      if (found == file_.messages.end()) continue;
      for (const std::string& bytes : found->second) {
        const VariableDef def = decode_variable_def(bytes);
        std::shared_ptr<VariableState>& state = states[def.variable];
        const bool is_new = state == nullptr;
        if (is_new) state = state_of(def);
        if (state == nullptr) continue;
        if (is_new) variables.emplace_back(state);
        state->trainable = state->trainable || key == GraphKeys::TRAINABLE_VARIABLES;
        add_to_collection(key, Variable(state));
      }
    }
    for (const auto& [key, names] : file_.nodes) add_named(key, names);
    return variables;
  }

 private:
  // Operations ("train") and tensors ("loss:0") that were imported.
  void add_named(const std::string& key, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (name.find(':') == std::string::npos) {
        if (Node* node = importer_.added(name)) add_to_collection(key, graph_->handle(node));
      } else if (const Output output = tensor(name)) {
        add_to_collection(key, output);
      }
    }
  }

  // Empty where it wasn't imported.
  Output tensor(const std::string& name) const {
    const auto [node_name, index] = parse_tensor_name(name);
    Node* node = importer_.added(node_name);
    if (node == nullptr || static_cast<size_t>(index) >= node->output_dtypes.size()) return {};
    return graph_->handle(Endpoint{node, index});
  }

  // Null where its node wasn't imported.
  std::shared_ptr<VariableState> state_of(const VariableDef& def) const {
    auto state = std::make_shared<VariableState>();
    state->handle = tensor(def.variable);
    if (!state->handle) return nullptr;
    Node* node = state->handle.op().node();
    if (!node->def->is_variable) return nullptr;
    state->kind =
        node->output_refs[0] ? VariableState::Kind::reference : VariableState::Kind::resource;
    state->graph = graph_;
    state->name = state->handle.name();
    state->dtype = node->attrs.get<DType>("dtype");
    state->shape = node->attrs.get<Shape>("shape");
    state->read = tensor(def.snapshot);
    if (Node* initializer = importer_.added(def.initializer)) {
      state->initializer = graph_->handle(initializer);
    }
    state->initial_value = tensor(def.initial_value);
    if (state->read && state->kind == VariableState::Kind::reference) {
      state->read.op().node()->attrs.set(kNamesVariable, true);
    }
    if (def.slice) {
      state->slice_info = {def.slice->full_name, def.slice->full_shape, def.slice->offset,
                           def.slice->shape};
    }
    return state;
  }

  const MetaGraphDef& file_;
  const GraphImporter& importer_;
  std::shared_ptr<GraphState> graph_;
};

}  // namespace

train::ImportedMetaGraph add_meta_graph(const MetaGraphDef& file, std::string_view what,
                                        const train::ImportMetaGraphOptions& options) {
  return reading(what, file.graph, "MetaGraph", [&]() -> train::ImportedMetaGraph {
    const GraphDef graph_def = decode_graph_def(file.graph);
    const ImportOptions import = {.name = options.import_scope,
                                  .input_map = options.input_map,
                                  .return_elements = options.return_elements,
                                  .strict = options.strict,
                                  .clear_devices = options.clear_devices};
    GraphImporter importer(graph_def, file.graph.size(), import);
    importer.leave_out_savers();
    const std::shared_ptr<GraphState> graph = default_graph_state();
    const std::lock_guard lock(graph->mutex);
    ImportedElements elements = importer.add_to(graph);
    std::vector<Variable> variables = MetaGraphImporter(file, importer, graph).add_collections();
    return {train::Saver(
                {.var_list = train::SaverVariables(std::move(variables)), .allow_empty = true}),
            std::move(elements)};
  });
}

}  // namespace internal

namespace train {

ImportedMetaGraph import_meta_graph(const std::string& path, const ImportMetaGraphOptions& options,
                                    Location where) {
  const internal::CallerLine line(where);
  const internal::GraphFile file(path, internal::TextGraph::kMetaGraphDef);
  const auto meta_graph = internal::reading(path, file.bytes(), "MetaGraph", [&] {
    return internal::decode_meta_graph_def(file.bytes());
  });
  if (meta_graph.graph.empty()) {
    internal::fail_reading(path, file.bytes(), "MetaGraph", "it has no graph");
  }
  return internal::add_meta_graph(meta_graph, path, options);
}

}  // namespace train
}  // namespace tenon
