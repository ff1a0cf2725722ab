#include "core/saver/meta_graph_writer.h"

#include <algorithm>
#include <any>
#include <mutex>

#include "core/base/strings.h"
#include "core/export/graph_writer.h"
#include "core/saver/saver_nodes.h"
#include "core/variables/variable_state.h"
#include "tenon/variable.h"

namespace tenon::internal {

namespace {

class CollectionWriter {
 public:
  CollectionWriter(const WrittenScope& scope, MetaGraphDef& into) : scope_(scope), into_(into) {}

  void write(const std::string& key, const GraphState::Collection& items) {
    const bool whole = std::find(kVariableCollections.begin(), kVariableCollections.end(), key) !=
                       kVariableCollections.end();
    for (const std::any& item : items) {
      if (const auto* variable = std::any_cast<Variable>(&item)) {
        if (*variable) write_variable(key, *variable, whole);
      } else if (const auto* output = std::any_cast<Output>(&item)) {
        if (*output) add(into_.nodes[key], text(*output));
      } else if (const auto* op = std::any_cast<Operation>(&item)) {
        if (*op) add(into_.nodes[key], name(*op));
      } else if (const auto* text = std::any_cast<std::string>(&item)) {
        into_.messages[key].push_back(*text);
      }
    }
    if (into_.nodes[key].empty()) into_.nodes.erase(key);
  }

 private:
  void write_variable(const std::string& key, const Variable& variable, bool whole) {
    for (const Variable& part : variable.parts()) {
      if (part.is_tensor() || scope_.name_of(part.op().node()) == nullptr) continue;
      if (whole) {
        into_.messages[key].push_back(encode_variable_def(def_of(*part.state())));
      } else {
        add(into_.nodes[key], text(part.handle()));
      }
    }
  }

  VariableDef def_of(const VariableState& state) const {
    VariableDef def{.variable = text(state.handle),
                    .initializer = state.initializer ? name(state.initializer) : "",
                    .snapshot = state.read ? text(state.read) : "",
                    .initial_value = state.initial_value ? text(state.initial_value) : "",
                    .is_resource = state.kind == VariableState::Kind::resource,
                    .trainable = state.trainable,
                    .synchronization = static_cast<int32_t>(state.synchronization),
                    .aggregation = static_cast<int32_t>(state.aggregation)};
    if (const auto& slice = state.slice_info) {
      def.slice = {slice->full_name, slice->full_shape, slice->var_offset, slice->var_shape};
    }
    return def;
  }

  static void add(std::vector<std::string>& list, std::string text) {
    if (!text.empty()) list.push_back(std::move(text));
  }
  // As collections have them: "a", "a:0"; empty for what stands in a body.
  std::string name(const Operation& op) const {
    const std::string* found = scope_.name_of(op.node());
    return found == nullptr ? "" : *found;
  }
  std::string text(const Output& output) const {
    const WrittenValue* value = scope_.find({output.op().node(), output.index()});
    return value == nullptr ? "" : str(value->node, ':', value->index);
  }

  const WrittenScope& scope_;
  MetaGraphDef& into_;
};

}  // namespace

std::string encode_meta_graph(GraphState& graph, const MetaGraphParts& parts) {
  const std::lock_guard lock(graph.mutex);
  GraphWriter writer(graph, {.clear_devices = parts.clear_devices});
  writer.write();
  MetaGraphDef written = parts.besides;
  if (parts.saved != nullptr && !parts.saved->empty()) {
    written.saver = add_saver_nodes(writer.scope(), *parts.saved);
    written.saver->max_to_keep = parts.max_to_keep;
    written.saver->keep_checkpoint_every_n_hours = parts.keep_checkpoint_every_n_hours;
  }
  CollectionWriter collections(writer.scope(), written);
  for (const auto& [key, items] : graph.collections) {
    const bool asked = !parts.collections ||
                       std::find(parts.collections->begin(), parts.collections->end(), key) !=
                           parts.collections->end();
    if (asked) collections.write(key, *items);
  }
  written.graph = writer.finish();
  return encode_meta_graph_def(written);
}

}  // namespace tenon::internal
