// Collections: adding, copying, and filtering by name.
#include "tenon/collections.h"

#include <algorithm>
#include <unordered_set>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/graph_state.h"
#include "core/graph/name_pattern.h"
#include "tenon/variable_scope.h"

namespace tenon {

using internal::default_graph_state;
using internal::fail;
using internal::GraphState;
using internal::require;

namespace internal {
namespace {

// The name of an item, where it has one.
std::optional<std::string> name_of(const std::any& item) {
  if (const auto* variable = std::any_cast<Variable>(&item)) return variable->name();
  if (const auto* output = std::any_cast<Output>(&item)) return output->name();
  if (const auto* op = std::any_cast<Operation>(&item)) return op->name();
  if (const auto* scope = std::any_cast<VariableScope>(&item)) return scope->name();
  if (const auto* ref = std::any_cast<Ref>(&item)) return ref->name();
  return std::nullopt;
}

void add(GraphState& graph, std::string_view key, std::any item) {
  auto found = graph.collections.find(key);
  if (found == graph.collections.end()) {
    found = graph.collections.emplace(std::string(key), std::make_shared<Collection>()).first;
  }
  found->second->push_back(std::move(item));
  graph.keep();
}

void check_not_finalized(const GraphState& graph) {
  require<RuntimeError>(!graph.finalized, ErrorKind::bad_argument,
                        "Graph is finalized and cannot be modified: nothing can be added to its "
                        "collections");
}

}  // namespace

void add_item(std::string_view key, std::any item) {
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::lock_guard lock(graph->mutex);
  check_not_finalized(*graph);
  add(*graph, key, std::move(item));
}

void add_item(const std::vector<std::string>& keys, std::any item) {
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::lock_guard lock(graph->mutex);
  check_not_finalized(*graph);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), keys[i]) ==
        keys.begin() + static_cast<std::ptrdiff_t>(i)) {
      add(*graph, keys[i], item);
    }
  }
}

Collection items(std::string_view key, const std::string_view* scope) {
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::lock_guard lock(graph->mutex);
  const auto found = graph->collections.find(key);
  if (found == graph->collections.end()) return {};
  if (scope == nullptr) return *found->second;
  const NamePattern pattern("The scope", *scope);
  Collection kept;
  for (const std::any& item : *found->second) {
    const std::optional<std::string> name = name_of(item);
    if (name && pattern.matches_start_of(*name)) kept.push_back(item);
  }
  return kept;
}

void fail_item(std::string_view key, const std::any& item, size_t place, const char* wanted) {
  fail<TypeError>(ErrorKind::bad_argument, "Item ", place, " of collection '", key, "' is of type ",
                  readable_type(item.type().name()), ", not ", readable_type(wanted),
                  ". get_collection<std::any> gives items of any type.");
}

}  // namespace internal

std::shared_ptr<Collection> get_collection_ref(std::string_view key) {
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::lock_guard lock(graph->mutex);
  const auto found = graph->collections.find(key);
  if (found != graph->collections.end()) return found->second;
  return graph->collections.emplace(std::string(key), std::make_shared<Collection>()).first->second;
}

void clear_collection(std::string_view key) {
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::lock_guard lock(graph->mutex);
  internal::check_not_finalized(*graph);
  const auto found = graph->collections.find(key);
  if (found != graph->collections.end()) graph->collections.erase(found);
}

std::vector<std::string> get_all_collection_keys() {
  const std::shared_ptr<GraphState> graph = default_graph_state();
  const std::lock_guard lock(graph->mutex);
  std::vector<std::string> keys;
  for (const auto& [key, list] : graph->collections) keys.push_back(key);
  return keys;
}

}  // namespace tenon
