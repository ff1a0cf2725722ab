// Variables made constants.
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/export/graph_writer.h"
#include "core/saver/held_values.h"
#include "core/variables/variable_state.h"
#include "tenon/graph_util.h"

namespace tenon {

namespace internal {

namespace {

std::set<const Node*> needed_by(const GraphState& graph, const std::vector<std::string>& names) {
  const std::lock_guard lock(graph.mutex);
  std::set<const Node*> needed;
  std::vector<const Node*> open;
  for (const std::string& name : names) {
    const Node* node = graph.find_node(name);
    require<ValueError>(node != nullptr && node->body == nullptr, ErrorKind::no_such_tensor, "'",
                        name, "' is no operation of the graph that can be an output");
    open.push_back(node);
  }
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (!needed.insert(node).second) continue;
    for (const Endpoint& input : node->inputs) open.push_back(input.node);
    open.insert(open.end(), node->control_inputs.begin(), node->control_inputs.end());
  }
  return needed;
}

// The values of the variables among these. The graph isn't locked: runs lock it while they hold
// variables.
std::map<const Node*, Tensor> values_of(const Session& session, GraphState& graph,
                                        const std::set<const Node*>& needed) {
  std::vector<SavedVariable> variables;
  std::vector<const Node*> nodes;
  for (const Node* node : needed) {
    if (!node->def->is_variable) continue;
    auto state = std::make_shared<VariableState>();
    state->kind =
        node->output_refs[0] ? VariableState::Kind::reference : VariableState::Kind::resource;
    state->graph = graph.weak_from_this();
    state->handle = graph.handle(Endpoint{graph.node(node->id), 0});
    SavedVariable& variable = variables.emplace_back();
    variable.name = node->name;
    variable.parts.push_back({Variable(std::move(state)), {}});
    nodes.push_back(node);
  }
  std::map<const Node*, Tensor> values;
  const HeldValues held(session, variables);
  for (size_t i = 0; i < nodes.size(); ++i) values[nodes[i]] = held.copy(i, 0);
  return values;
}

}  // namespace
}  // namespace internal

std::string graph_util::convert_variables_to_constants(
    Session& session, const std::vector<std::string>& output_node_names) {
  const std::shared_ptr<internal::GraphState> graph = session.graph().state();
  const std::set<const internal::Node*> needed = internal::needed_by(*graph, output_node_names);
  const auto frozen = internal::values_of(session, *graph, needed);
  const std::lock_guard lock(graph->mutex);
  internal::GraphWriter writer(*graph, {.frozen = &frozen, .needed = &needed});
  writer.write();
  return writer.finish();
}

}  // namespace tenon
