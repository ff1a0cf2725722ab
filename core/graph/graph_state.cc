#include "core/graph/graph_state.h"

#include <algorithm>
#include <atomic>
#include <exception>

#include "core/base/strings.h"
#include "core/graph/signature.h"
#include "core/graph/static_value.h"

namespace tenon::internal {
namespace {

std::atomic<uint64_t> next_graph_id{0};

// The contexts of this thread, by graph. An entry goes when its contexts are all left.
thread_local std::unordered_map<uint64_t, GraphContexts> contexts_of_thread;
// The entry that was asked for last. Ids are never used again, so that a stale one is never found.
thread_local std::pair<uint64_t, GraphContexts*> last_contexts = {0, nullptr};

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '\\' || c == '/' || c == '>' || c == '-';
}

}  // namespace

bool valid_scope_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), is_name_character);
}

bool valid_op_name(std::string_view name) {
  static constexpr std::string_view kNeverFirst = "_\\/>-";
  return !name.empty() && kNeverFirst.find(name.front()) == std::string_view::npos &&
         valid_scope_name(name);
}

DType Node::main_dtype() const {
  for (const std::string_view attr : {"dtype", "T"}) {
    const AttrValue* value = attrs.find(attr);
    if (value == nullptr) continue;
    if (const DType* dtype = std::get_if<DType>(value)) return *dtype;
  }
  return output_dtypes.empty() ? DType::invalid : output_dtypes[0];
}

std::span<GraphContexts::ControlEntry> GraphContexts::active_controls() {
  size_t first = controls.size();
  while (first > 0 && !controls[first - 1].is_null) --first;
  return std::span(controls).subspan(first);
}

GraphState::GraphState() : id_(next_graph_id++) {}

GraphState::~GraphState() { contexts_of_thread.erase(id_); }

GraphContexts& GraphState::contexts() {
  if (last_contexts.second == nullptr || last_contexts.first != id_) {
    last_contexts = {id_, &contexts_of_thread[id_]};
  }
  return *last_contexts.second;
}

Node* GraphState::find_node(std::string_view name) const {
  std::lock_guard lock(mutex);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

int GraphState::node_count() const {
  std::lock_guard lock(mutex);
  return static_cast<int>(nodes_.size());
}

Node* GraphState::node(int id) const {
  std::lock_guard lock(mutex);
  return nodes_[static_cast<size_t>(id)];
}

std::string GraphState::unique_name(std::string_view name, bool mark_as_used) {
  const std::string& scope = contexts().name_scope;
  return unique_absolute_name(scope.empty() ? std::string(name) : str(scope, "/", name),
                              mark_as_used);
}

// TensorFlow's rule, Graph.unique_name: the number that follows is the count of askings.
std::string GraphState::unique_absolute_name(std::string name, bool mark_as_used) {
  std::lock_guard lock(mutex);
  const std::string base = to_lower(name);
  int count = 0;
  if (mark_as_used) {
    count = use_name(base);
  } else if (const auto found = names_in_use_.find(base); found != names_in_use_.end()) {
    count = found->second;
  }
  if (count == 0) return name;
  std::string key = base;
  while (names_in_use_.contains(key)) {
    key = base + "_" + std::to_string(count);
    ++count;
  }
  if (mark_as_used) use_name(key);
  return name + "_" + std::to_string(count - 1);
}

int GraphState::use_name(const std::string& key) {
  auto& entry = *names_in_use_.try_emplace(key, 0).first;
  if (trials_ > 0) names_before_.emplace_back(&entry, entry.second);
  return entry.second++;
}

GraphState::Trial::Trial(GraphState& graph)
    : graph_(graph),
      exceptions_(std::uncaught_exceptions()),
      nodes_(graph.nodes_.size()),
      names_(graph.names_before_.size()),
      operations_saved_(graph.operations_saved),
      kept_before_(std::exchange(graph.kept_, false)) {
  ++graph_.trials_;
}

GraphState::Trial::~Trial() {
  --graph_.trials_;
  if (std::uncaught_exceptions() > exceptions_ && !graph_.kept_) {
    for (; graph_.nodes_.size() > nodes_; graph_.nodes_.pop_back()) {
      graph_.by_name_.erase(graph_.nodes_.back()->name);
      graph_.nodes_.back()->id = Node::kTakenBack;
    }
    for (; graph_.names_before_.size() > names_; graph_.names_before_.pop_back()) {
      const auto [entry, count] = graph_.names_before_.back();
      entry->second = count;
      if (count == 0) graph_.names_in_use_.erase(graph_.names_in_use_.find(entry->first));
    }
    graph_.operations_saved = operations_saved_;
  }
  if (graph_.trials_ == 0) graph_.names_before_.clear();
  graph_.kept_ = graph_.kept_ || kept_before_;
}

std::pair<int64_t, int64_t> GraphState::seeds(std::optional<int64_t> op_seed) const {
  constexpr int64_t kDefaultGraphSeed = 87654321;
  constexpr int64_t kMaxInt32 = 2147483647;
  const auto truncated = [](int64_t value) {
    return ((value % kMaxInt32) + kMaxInt32) % kMaxInt32;
  };
  std::lock_guard lock(mutex);
  if (!seed && !op_seed) return {0, 0};
  const std::pair<int64_t, int64_t> both =
      seed ? std::pair(truncated(*seed),
                       truncated(op_seed.value_or(node_count() + operations_saved)))
           : std::pair(kDefaultGraphSeed, truncated(*op_seed));
  return both == std::pair<int64_t, int64_t>(0, 0) ? std::pair<int64_t, int64_t>(0, kMaxInt32)
                                                   : both;
}

Node* GraphState::add_node(NodeArguments arguments) {
  std::lock_guard lock(mutex);
  require<RuntimeError>(!finalized, ErrorKind::bad_argument,
                        "Graph is finalized and cannot be modified: no operation of type ",
                        arguments.type, " can be added");
  ResolvedNode resolved = resolve_signature(arguments);  // throws before anything has changed
  Node node = std::move(resolved.node);
  node.made_at = arguments.where;
  const std::string asked = arguments.name.empty() ? std::string(arguments.type) : arguments.name;
  const bool absolute = asked.back() == '/';
  node.name = absolute ? asked.substr(0, asked.size() - 1) : unique_name(asked, false);
  require<ValueError>(valid_op_name(node.name), ErrorKind::invalid_name, "'", node.name,
                      "' is not a valid operation name: it must match ",
                      "[A-Za-z0-9.][A-Za-z0-9_.\\\\/>-]*");
  require<ValueError>(!by_name_.contains(node.name), ErrorKind::duplicate_name,
                      "Duplicate node name in graph: '", node.name, "'");
  std::optional<Trial> trial;  // only the user's device functions may throw from here on
  const auto& devices = contexts().devices;
  if (std::any_of(devices.begin(), devices.end(),
                  [](const auto& entry) { return entry.function != nullptr; })) {
    trial.emplace(*this);
  }
  if (!absolute) unique_name(asked);
  for (ResolvedNode::PendingConstant& pending : resolved.constants) {
    const std::string name = unique_absolute_name(node.name + "/" + pending.argument);
    node.inputs[pending.input] = {add_constant(name, pending.value, arguments.where), 0};
  }
  apply_control_inputs(node);
  for (Node* input : arguments.control_inputs) node.control_inputs.push_back(input);
  apply_place(node);
  return append(std::move(node));
}

// An operation that takes references goes where their variables are: it is colocated with them, and
// devices in force don't count (op_def_library's _MaybeColocateWith).
void GraphState::apply_place(Node& node) {
  GraphContexts& here = contexts();
  const size_t colocations = here.colocations.size();
  size_t next = 0;
  for (const ArgDef& argument : node.def->input_args) {
    const auto count = static_cast<size_t>(
        argument.number_attr.empty() ? 1 : node.attrs.get<int64_t>(argument.number_attr));
    for (size_t i = next; argument.is_ref && i < next + count; ++i) {
      here.colocations.push_back(node.inputs[i].node);
    }
    next += count;
  }
  if (here.colocations.size() == colocations) apply_devices(node);
  apply_colocation(node);
  here.colocations.resize(colocations);
}

Node* GraphState::add_constant(const std::string& name, const Tensor& value,
                               const Location& where) {
  Node node;
  node.name = name;
  node.def = OpRegistry::global().find("Const");
  node.attrs.set("value", value);
  node.attrs.set("dtype", value.dtype());
  node.output_dtypes = {value.dtype()};
  node.output_refs = {false};
  node.output_shapes = {value.shape()};
  node.made_at = where;
  apply_control_inputs(node);
  apply_devices(node);
  apply_colocation(node);
  return append(std::move(node));
}

Node* GraphState::append(Node node) {
  node.id = static_cast<int>(nodes_.size());
  Node* added = &storage_.emplace_back(std::move(node));
  nodes_.push_back(added);
  by_name_.emplace(added->name, added);
  for (GraphContexts::ControlEntry& entry : contexts().active_controls()) entry.made.insert(added);
  return added;
}

// The innermost device first; each outer one fills in what is still open (Graph.device).
void GraphState::apply_devices(Node& node) {
  const auto& stack = contexts().devices;
  for (auto entry = stack.rbegin(); entry != stack.rend() && !entry->is_null; ++entry) {
    if (entry->function) {
      // A function sees the operation as it will be; it must not keep the handle.
      const std::string answer = entry->function(handle(&node));
      node.device = DeviceSpec::from_string(answer).to_string();
    } else {
      node.device = entry->spec.merged_with(DeviceSpec::from_string(node.device)).to_string();
    }
  }
}

void GraphState::apply_colocation(Node& node) {
  const auto& stack = contexts().colocations;
  bool device_set = false;
  for (auto op = stack.rbegin(); op != stack.rend(); ++op) {
    const Node& with = **op;
    if (with.colocation.empty()) node.colocation.push_back(with.name);
    node.colocation.insert(node.colocation.end(), with.colocation.begin(), with.colocation.end());
    if (!with.device.empty() && !device_set) {
      node.device = with.device;
      device_set = true;
    }
  }
  std::sort(node.colocation.begin(), node.colocation.end());
  node.colocation.erase(std::unique(node.colocation.begin(), node.colocation.end()),
                        node.colocation.end());
}

// As Graph._control_dependencies_for_inputs: a context is left out when an input was made in it,
// since that input waits for it already.
void GraphState::apply_control_inputs(Node& node) {
  const auto is_input = [&](const Node* op) {
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](const Endpoint& input) { return input.node == op; });
  };
  for (const GraphContexts::ControlEntry& entry : contexts().active_controls()) {
    if (std::any_of(node.inputs.begin(), node.inputs.end(),
                    [&](const Endpoint& input) { return entry.made.contains(input.node); })) {
      continue;
    }
    for (Node* input : entry.inputs) {
      const auto& have = node.control_inputs;
      if (!is_input(input) && std::find(have.begin(), have.end(), input) == have.end()) {
        node.control_inputs.push_back(input);
      }
    }
  }
}

}  // namespace tenon::internal
