#include "core/graph/graph_state.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <unordered_map>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/nesting.h"
#include "core/base/strings.h"
#include "core/base/thread_value.h"
#include "core/graph/gradient_overrides.h"
#include "core/graph/signature.h"
#include "core/graph/static_value.h"

namespace tenon::internal {
namespace {

std::atomic<uint64_t> next_graph_id{0};

// The contexts of a thread, by graph. An entry goes when its contexts are all left.
struct ThreadContexts {
  std::unordered_map<uint64_t, GraphContexts> of_graph;
  // The entry that was asked for last. Ids are never used again, so that a stale one is never
  // found.
  uint64_t last_id = 0;
  GraphContexts* last = nullptr;
};

constexpr std::array<bool, 256> kNameCharacters = [] {
  std::array<bool, 256> is = {};
  for (int c = 0; c < 256; ++c) {
    is[static_cast<size_t>(c)] = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                                 (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '\\' ||
                                 c == '/' || c == '>' || c == '-';
  }
  return is;
}();

// The operation of this very name.
Node* node_of(const NameEntry& entry, std::string_view name) {
  Node* node = entry.last_node;
  while (node != nullptr && node->name != name) node = node->same_name;
  return node;
}

constexpr int kMostDeviceFunctions = 100;
thread_local int device_functions_running = 0;

// Counts the device functions that are inside of one another: one that makes operations is asked
// for these, too.
struct DeviceFunctionRun : Nesting {
  explicit DeviceFunctionRun(const std::string& name) : Nesting(device_functions_running) {
    require<RuntimeError>(device_functions_running <= kMostDeviceFunctions, ErrorKind::bad_device,
                          "The device function of operation '", name, "' calls itself without ",
                          "end (", kMostDeviceFunctions, " times so far): it makes operations. ",
                          "Make them under device(nullptr), or outside of it.");
  }
};

}  // namespace

bool valid_scope_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return kNameCharacters[static_cast<unsigned char>(c)]; });
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

GraphState::~GraphState() { thread_value<ThreadContexts>().of_graph.erase(id_); }

GraphContexts& GraphState::contexts() {
  auto& here = thread_value<ThreadContexts>();
  if (here.last == nullptr || here.last_id != id_) {
    here.last = &here.of_graph[id_];
    here.last_id = id_;
  }
  return *here.last;
}

Node* GraphState::find_node(std::string_view name) const {
  std::lock_guard lock(mutex);
  const NameEntry* entry = names_.find(name);
  return entry == nullptr ? nullptr : node_of(*entry, name);
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
  std::lock_guard lock(mutex);
  FreeName free = free_name(contexts().name_scope, name);
  if (mark_as_used) use(free);
  return std::move(free.name);
}

std::string GraphState::unique_absolute_name(std::string_view name) {
  std::lock_guard lock(mutex);
  FreeName free = free_name({}, name);
  use(free);
  return std::move(free.name);
}

// TensorFlow's rule, Graph.unique_name: the number that follows is the count of askings.
GraphState::FreeName GraphState::free_name(std::string_view scope, std::string_view name) {
  NameEntry* asked = &names_.at(scope, name);
  FreeName free = {scope.empty() ? std::string(name) : str(scope, "/", name), asked, asked};
  int number = asked->askings;
  if (number == 0) return free;
  for (; free.entry->askings > 0; ++number) {
    free.entry = &names_.at(str(asked->folded, "_", number));
  }
  free.name = str(free.name, "_", number - 1);
  return free;
}

void GraphState::use(const FreeName& name) {
  use(*name.asked);
  if (name.entry != name.asked) use(*name.entry);
}

void GraphState::use(NameEntry& entry) {
  if (trials_ > 0) names_before_.emplace_back(&entry, entry.askings);
  ++entry.askings;
}

void GraphState::take_back_last() {
  Node& node = *nodes_.back();
  names_.at(node.name).last_node = node.same_name;
  node.id = Node::kTakenBack;
  nodes_.pop_back();
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
    while (graph_.nodes_.size() > nodes_) graph_.take_back_last();
    for (; graph_.names_before_.size() > names_; graph_.names_before_.pop_back()) {
      const auto [entry, count] = graph_.names_before_.back();
      entry->askings = count;
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

void GraphState::require_open(std::string_view type) const {
  require<RuntimeError>(!finalized, ErrorKind::bad_argument,
                        "Graph is finalized and cannot be modified: no operation of type ", type,
                        " can be added");
}

Node* GraphState::add_node(NodeArguments arguments) {
  std::lock_guard lock(mutex);
  const CallerLine line(arguments.where);
  require_open(arguments.type);
  make_visible(arguments);
  Node& node = storage_.emplace_back();
  std::vector<PendingConstant> constants;
  FreeName name;
  try {
    constants = resolve_signature(arguments, node);
    name = name_of_new_node(arguments.type, arguments.name);
  } catch (...) {
    storage_.pop_back();
    throw;
  }
  GraphContexts& here = contexts();
  std::optional<Trial> trial;  // only the user's device functions may throw from here on
  if (std::any_of(here.devices.begin(), here.devices.end(),
                  [](const auto& entry) { return entry.function != nullptr; })) {
    trial.emplace(*this);
  }
  if (name.asked != nullptr) use(name);
  node.name = std::move(name.name);
  node.made_at = arguments.where;
  for (PendingConstant& pending : constants) {
    FreeName below = free_name(node.name, pending.argument);
    use(below);
    node.inputs[pending.input] = {
        add_constant(std::move(below), std::move(pending.value), arguments.where), 0};
  }
  apply_control_inputs(here, node);
  for (Node* input : arguments.control_inputs) node.control_inputs.push_back(input);
  apply_place(here, node);
  return append(here, node, *name.entry);
}

// `asked` is null for a name that is taken as it is: it isn't counted.
GraphState::FreeName GraphState::name_of_new_node(std::string_view type,
                                                  const std::string& wanted) {
  std::string_view asked = wanted.empty() ? type : wanted;
  FreeName name;
  if (asked.back() == '/') {
    asked.remove_suffix(1);
    name = {std::string(asked), nullptr, &names_.at(asked)};
  } else {
    name = free_name(contexts().name_scope, asked);
  }
  require<ValueError>(valid_op_name(name.name), ErrorKind::invalid_name, "'", name.name,
                      "' is not a valid operation name: it must match ",
                      "[A-Za-z0-9.][A-Za-z0-9_.\\\\/>-]*");
  require<ValueError>(node_of(*name.entry, name.name) == nullptr, ErrorKind::duplicate_name,
                      "Duplicate node name in graph: '", name.name, "'");
  return name;
}

// An operation that takes references goes where their variables are: it is colocated with them, and
// devices in force don't count (op_def_library's _MaybeColocateWith).
void GraphState::apply_place(GraphContexts& here, Node& node) {
  const size_t colocations = here.colocations.size();
  size_t next = 0;
  for (const ArgDef& argument : node.def->input_args) {
    const size_t end = next + argument.count(node.attrs);
    for (; next < end; ++next) {
      if (argument.is_ref) here.colocations.push_back(node.inputs[next].node);
    }
  }
  if (here.colocations.size() == colocations) apply_devices(here, node);
  apply_colocation(here, node);
  here.colocations.resize(colocations);
}

Node* GraphState::add_constant(FreeName name, Tensor value, const Location& where) {
  GraphContexts& here = contexts();
  Node& node = storage_.emplace_back();
  node.name = std::move(name.name);
  node.def = OpRegistry::global().find("Const");
  node.output_dtypes = {value.dtype()};
  node.output_refs = {false};
  node.output_shapes = {value.shape()};
  node.attrs.set("dtype", value.dtype());
  node.attrs.set("value", std::move(value));
  node.made_at = where;
  apply_control_inputs(here, node);
  apply_devices(here, node);
  apply_colocation(here, node);
  return append(here, node, *name.entry);
}

Node* GraphState::append(GraphContexts& here, Node& node, NameEntry& entry) {
  apply_gradient_overrides(here, node);
  node.id = static_cast<int>(nodes_.size());
  node.body = here.body;
  node.same_name = entry.last_node;
  nodes_.push_back(&node);
  entry.last_node = &node;
  for (GraphContexts::ControlEntry& context : here.active_controls()) context.made.insert(&node);
  return &node;
}

// The innermost device first; each outer one fills in what is still open (Graph.device).
void GraphState::apply_devices(GraphContexts& here, Node& node) {
  const auto& stack = here.devices;
  for (size_t i = stack.size(); i-- > 0 && !stack[i].is_null;) {
    if (stack[i].function) {
      // A function sees the operation as it will be; it must not keep the handle. It may open
      // contexts of its own, which moves the stack.
      const DeviceFunctionRun run(node.name);
      const ProgramRuns own_lines;
      const DeviceFunction function = stack[i].function;
      node.device = DeviceSpec::from_string(function(handle(&node))).to_string();
    } else {
      node.device = stack[i].spec.merged_with(DeviceSpec::from_string(node.device)).to_string();
    }
  }
}

void GraphState::apply_colocation(const GraphContexts& here, Node& node) {
  const auto& stack = here.colocations;
  bool device_set = false;
  for (auto op = stack.rbegin(); op != stack.rend(); ++op) {
    const Node& with = **op;
    if (with.colocation.empty()) node.colocation.push_back(with.name);
    for (const std::string& name : with.colocation) node.colocation.push_back(name);
    if (!with.device.empty() && !device_set) {
      node.device = with.device;
      device_set = true;
    }
  }
  auto& names = node.colocation;
  if (names.size() < 2) return;
  std::sort(names.begin(), names.end());
  const auto* end = std::unique(names.begin(), names.end());
  while (names.end() != end) names.pop_back();
}

void GraphState::apply_gradient_overrides(const GraphContexts& here, Node& node) {
  for (const auto& [type, gradient] : here.gradient_overrides) {
    if (node.type() == type) node.attrs.set(kGradientType, gradient);
  }
}

// As Graph._control_dependencies_for_inputs: a context is left out when an input was made in it,
// since that input waits for it already.
void GraphState::apply_control_inputs(GraphContexts& here, Node& node) {
  const std::span<GraphContexts::ControlEntry> entries = here.active_controls();
  if (entries.empty()) return;
  const auto is_input = [&](const Node* op) {
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [&](const Endpoint& input) { return input.node == op; });
  };
  for (const GraphContexts::ControlEntry& entry : entries) {
    if (std::any_of(node.inputs.begin(), node.inputs.end(),
                    [&](const Endpoint& input) { return entry.made.contains(input.node); })) {
      continue;
    }
    for (Node* waited_for : entry.inputs) {
      Node* const input = visible_from(here.body, waited_for);
      const auto& have = node.control_inputs;
      if (!is_input(input) && std::find(have.begin(), have.end(), input) == have.end()) {
        node.control_inputs.push_back(input);
      }
    }
  }
}

}  // namespace tenon::internal
