// Variables made constants.
#include <algorithm>
#include <cstddef>
#include <iterator>
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
#include "core/session/session_state.h"
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
std::map<const Node*, Tensor> values_of(const Session& session,
                                        const std::set<const Node*>& needed) {
  std::vector<const Node*> variables;
  std::copy_if(needed.begin(), needed.end(), std::back_inserter(variables),
               [](const Node* node) { return node->def->is_variable; });
  std::sort(variables.begin(), variables.end(),
            [](const Node* a, const Node* b) { return a->id < b->id; });
  SessionState& state = *session.state();
  state.check_open();
  std::vector<std::vector<VariableStorage*>> storages;
  for (const Node* node : variables) storages.push_back({&state.variable_storage(*node)});
  const HeldValues held(session, std::move(storages));
  std::map<const Node*, Tensor> values;
  for (size_t i = 0; i < variables.size(); ++i) values[variables[i]] = held.copy(i, 0);
  return values;
}

}  // namespace
}  // namespace internal

std::string graph_util::convert_variables_to_constants(
    Session& session, const std::vector<std::string>& output_node_names) {
  const std::shared_ptr<internal::GraphState> graph = session.graph().state();
  const std::set<const internal::Node*> needed = internal::needed_by(*graph, output_node_names);
  const auto frozen = internal::values_of(session, needed);
  const std::lock_guard lock(graph->mutex);
  internal::GraphWriter writer(*graph, {.frozen = &frozen, .needed = &needed});
  writer.write();
  return writer.finish();
}

}  // namespace tenon
