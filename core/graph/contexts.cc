// The contexts in force while a program makes operations: default graph, names, devices, control
// dependencies, colocation. Each enter_... changes this thread's stack and undoes it when left.
#include <algorithm>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/thread_value.h"
#include "core/graph/graph_state.h"
#include "tenon/graph.h"

namespace tenon {

using internal::GraphContexts;
using internal::GraphState;
using internal::require;

namespace {

using GraphStack = std::vector<std::shared_ptr<GraphState>>;

// Those that this thread has entered.
GraphStack& default_graphs() { return internal::thread_value<GraphStack>(); }

// Leaving a context when the thread's stacks have gone already leaves nothing.
template <typename Entry>
void pop(std::vector<Entry>& stack) {
  if (!stack.empty()) stack.pop_back();
}

std::mutex process_graph_mutex;

std::shared_ptr<GraphState>& process_graph() {
  static auto* graph = new std::shared_ptr<GraphState>(std::make_shared<GraphState>());
  return *graph;
}

// Pushes an entry on one of the default graph's stacks on this thread; popped when left.
template <typename Entry>
Context push(std::vector<Entry> GraphContexts::*stack, Entry entry) {
  std::shared_ptr<GraphState> graph = internal::default_graph_state();
  (graph->contexts().*stack).push_back(std::move(entry));
  return Context([graph, stack] { pop(graph->contexts().*stack); });
}

}  // namespace

std::shared_ptr<GraphState> internal::default_graph_state() {
  if (const GraphStack& entered = default_graphs(); !entered.empty()) return entered.back();
  std::lock_guard lock(process_graph_mutex);
  return process_graph();
}

Graph get_default_graph() { return Graph(internal::default_graph_state()); }

void reset_default_graph() {
  require<RuntimeError>(default_graphs().empty(), ErrorKind::bad_argument,
                        "Do not use reset_default_graph inside Graph::as_default: it replaces ",
                        "the process's own graph, not the one in force here");
  std::lock_guard lock(process_graph_mutex);
  process_graph() = std::make_shared<GraphState>();
}

void set_random_seed(int64_t seed) { get_default_graph().set_seed(seed); }

Context Graph::enter_as_default() const {
  default_graphs().push_back(state());
  return Context([] { pop(default_graphs()); });
}

ScopeGuard Graph::as_default() const { return ScopeGuard(enter_as_default()); }

std::pair<Context, std::string> enter_name_scope(std::string_view name, Location where) {
  const internal::CallerLine line(where);
  std::shared_ptr<GraphState> graph = internal::default_graph_state();
  std::string& current = graph->contexts().name_scope;
  if (!name.empty()) {
    const bool root = current.empty();
    require<ValueError>(root ? internal::valid_op_name(name) : internal::valid_scope_name(name),
                        ErrorKind::invalid_name, "'", name, "' is not a valid ",
                        root ? "root " : "", "scope name. A scope name has to match ",
                        root ? "[A-Za-z0-9.][A-Za-z0-9_.\\\\/>-]*" : "[A-Za-z0-9_.\\\\/>-]*");
  }
  std::string inside;
  if (!name.empty()) {
    inside = name.back() == '/' ? std::string(name.substr(0, name.size() - 1))
                                : graph->unique_name(name);
  }
  std::string before = std::exchange(current, inside);
  Context context([graph, before = std::move(before)]() mutable {
    graph->contexts().name_scope = std::move(before);
  });
  return {std::move(context), inside.empty() ? "" : inside + "/"};
}

NameScope name_scope(std::string_view name, Location where) {
  auto [context, inside] = enter_name_scope(name, where);
  return NameScope(std::move(context), std::move(inside));
}

Context enter_device(std::string_view name, Location where) {
  const internal::CallerLine line(where);
  return push(&GraphContexts::devices, {.spec = DeviceSpec::from_string(name)});
}

Context enter_device(std::nullptr_t) { return push(&GraphContexts::devices, {.is_null = true}); }

Context enter_device(DeviceFunction function) {
  if (!function) return enter_device(nullptr);
  return push(&GraphContexts::devices, {.function = std::move(function)});
}

ScopeGuard device(std::string_view name, Location where) {
  return ScopeGuard(enter_device(name, where));
}

ScopeGuard device(const char* name, Location where) {
  return name == nullptr ? device(nullptr) : device(std::string_view(name), where);
}

ScopeGuard device(std::nullptr_t) { return ScopeGuard(enter_device(nullptr)); }

ScopeGuard device(const DeviceSpec& spec) { return device(std::string_view(spec.to_string())); }

ScopeGuard device(DeviceFunction function) { return ScopeGuard(enter_device(std::move(function))); }

Context enter_control_dependencies(const ControlInputs& inputs) {
  const std::shared_ptr<GraphState> graph = internal::default_graph_state();
  GraphContexts::ControlEntry entry;
  for (const ControlInput& input : inputs) {
    require<ValueError>(input.op().state() == graph, ErrorKind::bad_argument, "Operation '",
                        input.op().name(), "' is not in the default graph");
    entry.inputs.push_back(input.op().node());
  }
  return push(&GraphContexts::controls, std::move(entry));
}

Context internal::enter_no_control_dependencies() {
  GraphContexts::ControlEntry entry;
  entry.is_null = true;
  const std::shared_ptr<GraphState> graph = default_graph_state();
  GraphContexts& contexts = graph->contexts();
  contexts.controls.push_back(std::move(entry));
  // As in TensorFlow, what is made inside stands in no conditional or loop either.
  return Context([graph, before = std::exchange(contexts.body, nullptr)] {
    pop(graph->contexts().controls);
    graph->contexts().body = before;
  });
}

ScopeGuard control_dependencies(const ControlInputs& inputs) {
  return ScopeGuard(enter_control_dependencies(inputs));
}

// Devices around it don't count inside: colocation is stronger (Graph.colocate_with).
Context enter_colocate_with(const Operation& op, bool ignore_existing) {
  std::shared_ptr<GraphState> graph = internal::default_graph_state();
  require<ValueError>(op.state() == graph, ErrorKind::bad_argument, "Operation '", op.name(),
                      "' is not in the default graph");
  GraphContexts& contexts = graph->contexts();
  std::vector<GraphContexts::DeviceEntry> devices = std::exchange(contexts.devices, {});
  std::vector<internal::Node*> colocations = contexts.colocations;
  if (ignore_existing) contexts.colocations.clear();
  contexts.colocations.push_back(op.node());
  return Context(
      [graph, devices = std::move(devices), colocations = std::move(colocations)]() mutable {
        graph->contexts().devices = std::move(devices);
        graph->contexts().colocations = std::move(colocations);
      });
}

ScopeGuard colocate_with(const Operation& op, bool ignore_existing) {
  return ScopeGuard(enter_colocate_with(op, ignore_existing));
}

}  // namespace tenon
