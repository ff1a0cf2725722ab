// Initial values that read other variables: every read is replaced by one that falls back to that
// variable's own initial value (variables.py's _try_guard_against_uninitialized_dependencies).
#include <algorithm>
#include <any>
#include <map>
#include <set>
#include <vector>

#include "core/base/caller_line.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/variables/make_variable.h"
#include "core/variables/variable_state.h"
#include "tenon/collections.h"

namespace tenon::internal {
namespace {

// All that the endpoint is computed from, in the order of making: inputs before their readers.
std::vector<Node*> sources(const Endpoint& endpoint) {
  std::set<int> seen = {endpoint.node->id};
  std::vector<Node*> found = {endpoint.node};
  for (size_t next = 0; next < found.size(); ++next) {
    if (found[next]->def->safe_in_initial_values) continue;
    for (const Endpoint& input : found[next]->inputs) {
      if (seen.insert(input.node->id).second) found.push_back(input.node);
    }
  }
  std::sort(found.begin(), found.end(), [](const Node* a, const Node* b) { return a->id < b->id; });
  return found;
}

// The variable whose node this is, if it is among the global or local variables.
Variable variable_of(const GraphState& graph, const Node& node) {
  for (const std::string_view key : {GraphKeys::GLOBAL_VARIABLES, GraphKeys::LOCAL_VARIABLES}) {
    const auto found = graph.collections.find(key);
    if (found == graph.collections.end()) continue;
    for (const std::any& item : *found->second) {
      const auto* variable = std::any_cast<Variable>(&item);
      if (variable != nullptr && !variable->is_tensor() && !variable->is_partitioned() &&
          variable->handle().op().node() == &node) {
        return *variable;
      }
    }
  }
  return {};
}

}  // namespace

Output guard_against_uninitialized(const std::string& name, const Output& initial_value) {
  const Endpoint wanted{initial_value.op().node(), initial_value.index()};
  if (wanted.node->inputs.empty() && !wanted.node->def->is_variable) return initial_value;
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::vector<Node*> nodes = sources(wanted);
  if (std::none_of(nodes.begin(), nodes.end(),
                   [](const Node* node) { return node->def->is_variable; })) {
    return initial_value;
  }
  std::map<const Node*, Node*> replaced;
  for (Node* node : nodes) {
    if (node->def->safe_in_initial_values) continue;
    if (node->def->is_variable) {
      if (const Variable variable = variable_of(*graph, *node)) {
        replaced.emplace(node, variable.initialized_value().op().node());
      }
      continue;
    }
    NodeArguments arguments{
        .type = node->type(), .attrs = node->attrs, .where = CallerLine::or_else(node->made_at)};
    bool modified = false;
    for (Endpoint input : node->inputs) {
      const auto found = replaced.find(input.node);
      if (found != replaced.end()) {
        input.node = found->second;
        modified = true;
      }
      arguments.inputs.emplace_back(input);
    }
    if (!modified) continue;
    for (const ArgDef& argument : node->def->input_args) {
      arguments.input_counts.push_back(argument.count(node->attrs));
    }
    std::string copy_name = node->name + "_" + name;
    std::replace(copy_name.begin(), copy_name.end(), ':', '_');
    arguments.name = std::move(copy_name);
    Node* copy = graph->add_node(std::move(arguments));
    if (copy->colocation.empty()) copy->colocation = node->colocation;
    replaced.emplace(node, copy);
  }
  const auto found = replaced.find(wanted.node);
  return found == replaced.end() ? initial_value
                                 : graph->handle(Endpoint{found->second, wanted.index});
}

}  // namespace tenon::internal
