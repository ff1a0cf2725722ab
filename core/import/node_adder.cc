#include "core/import/node_adder.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/endpoint.h"
#include "core/graph/op_def.h"
#include "core/import/attr_like.h"
#include "core/import/expansions.h"
#include "core/import/flow_role.h"
#include "core/import/function_calls.h"
#include "core/import/imported_constant.h"
#include "core/import/legacy_ops.h"
#include "tenon/device.h"

namespace tenon::internal {

namespace {

constexpr int32_t kScalarShapesMeanUnknown = 21;  // of placeholders, up to this producer
constexpr uint64_t kSmall = uint64_t{1} << 20;    // bytes that any file may make of a constant
constexpr std::string_view kColocation = "_class", kColocatedWith = "loc:@";

}  // namespace

NodeAdder::NodeAdder(const GraphDef& file, size_t bytes, const ImportOptions& options,
                     const GraphLinks& links, const FunctionLibrary& functions)
    : file_(file),
      options_(options),
      most_bytes_(std::max<uint64_t>(kSmall, uint64_t{16} * bytes)),
      links_(links),
      functions_(functions),
      bytes_(bytes),
      made_(file.nodes.size(), nullptr) {}

Node* NodeAdder::added(std::string_view name) const {
  const size_t* index = links_.find(name);
  return index == nullptr ? nullptr : made_[*index];
}

const Output* NodeAdder::stand_in(size_t index, int output) const {
  const auto at = outputs_.find(index);
  if (at == outputs_.end() || static_cast<size_t>(output) >= at->second.size()) return nullptr;
  return &at->second[static_cast<size_t>(output)];
}

void NodeAdder::forget(size_t index) {
  made_[index] = nullptr;
  outputs_.erase(index);
}

void NodeAdder::stand_for(size_t index, std::vector<Output> outputs) {
  outputs_[index] = std::move(outputs);
}

void NodeAdder::check_support(size_t index, Unsupported& unsupported) const {
  const NodeDef& node = file_.nodes[index];
  const RegisteredOp* op = OpRegistry::global().find(current_type(node.op));
  if (is_function_call(node.op)) {
    return check_call({functions_, node, bytes_, options_.clear_devices}, unsupported);
  }
  if (expansion_of(node.op) != nullptr || flow_role(node.op) != FlowRole::kNone) return;
  if (op == nullptr) return unsupported.add(str("operation type ", node.op), node.name);
  if (op->action == PlanAction::kConstant) return check_constant(node, unsupported);
  for (const auto& [name, bytes] : node.attrs) {
    if (name.starts_with('_')) continue;
    const AttrValue* like = like_of(*op, name);
    const std::optional<AttrValue> value = decode_attr_value(bytes, like, most_bytes_);
    if (!value) {
      if (like != nullptr) unsupported.add(str("attribute ", name, " of ", node.op), node.name);
      continue;
    }
    require<ValueError>(like == nullptr || like->index() == value->index(), ErrorKind::bad_argument,
                        "Node '", node.name, "': its attribute '", name,
                        "' is of another kind than ", node.op, "'s");
    const auto* dtype = std::get_if<DType>(&*value);
    if (like == nullptr || dtype == nullptr) continue;
    const auto allowed = op->types.find(std::string(name));
    const bool taken = allowed == op->types.end()
                           ? *dtype != DType::invalid
                           : std::find(allowed->second.begin(), allowed->second.end(), *dtype) !=
                                 allowed->second.end();
    if (!taken) unsupported.add(str("dtype ", *dtype, " of ", node.op), node.name);
  }
}

AttrMap NodeAdder::attrs_of(size_t index) const {
  const NodeDef& node = file_.nodes[index];
  const RegisteredOp& op = *OpRegistry::global().find(current_type(node.op));
  AttrMap attrs;
  for (const auto& [name, bytes] : node.attrs) {
    if (name.starts_with('_')) continue;
    if (auto value = decode_attr_value(bytes, like_of(op, name), most_bytes_)) {
      attrs.set(name, std::move(*value));
    }
  }
  if (op.action == PlanAction::kPlaceholder && file_.producer <= kScalarShapesMeanUnknown &&
      attrs.has("shape") && attrs.get<Shape>("shape").rank() == 0) {
    attrs.set("shape", Shape::unknown());
  }
  return attrs;
}

std::string NodeAdder::full_name(std::string_view name) const {
  return options_.name.empty() ? std::string(name) : str(options_.name, '/', name);
}

void NodeAdder::place(Node& node, const NodeDef& def) const {
  if (!options_.clear_devices && !def.device.empty()) {
    node.device = DeviceSpec::from_string(node.device)
                      .merged_with(DeviceSpec::from_string(def.device))
                      .to_string();
  }
  const std::string_view* places = find_attr(def, kColocation);
  if (places == nullptr) return;
  const auto value = decode_attr_value(*places, nullptr, most_bytes_);
  const auto* names = value ? std::get_if<std::vector<std::string>>(&*value) : nullptr;
  if (names == nullptr) return;
  std::set<std::string> with(node.colocation.begin(), node.colocation.end());
  for (std::string_view name : *names) {
    if (!name.starts_with(kColocatedWith)) continue;
    name.remove_prefix(kColocatedWith.size());
    if (added(name) != nullptr || name == def.name) with.insert(full_name(name));
  }
  node.colocation = {};
  for (const std::string& name : with) node.colocation.push_back(name);
}

Endpoint NodeAdder::endpoint_of(const GraphLinks::Edge& edge, const NodeDef& user) const {
  require<ValueError>(edge.mapped == nullptr || *edge.mapped, ErrorKind::bad_argument, "Node '",
                      user.name, "': input_map maps one of its inputs to an empty Output");
  const Output* output = edge.mapped != nullptr ? edge.mapped : stand_in(edge.node, edge.output);
  if (output != nullptr && *output) return internal::endpoint_of(*output);
  Node* node = made_[edge.node];
  require<ValueError>(node != nullptr, ErrorKind::inside_control_flow, "Node '", user.name,
                      "': its input '", file_.nodes[edge.node].name, ':', edge.output,
                      "' has no value there");
  require<ValueError>(static_cast<size_t>(edge.output) < node->output_dtypes.size(),
                      ErrorKind::bad_argument, "Node '", user.name, "': its input '", node->name,
                      ':', edge.output, "' isn't there: that operation has ",
                      node->output_dtypes.size(), " outputs");
  return {node, edge.output};
}

// A Switch, and the Identity that stands for one side of it in control inputs, say where their user
// stands, and nothing more.
std::vector<Node*> NodeAdder::controls_of(size_t index) const {
  std::vector<Node*> controls;
  for (const size_t control : links_.of(index).controls) {
    const auto& inputs = links_.of(control).inputs;
    const bool is_pivot = file_.nodes[control].op == "Identity" && inputs.size() == 1 &&
                          !inputs[0].mapped && links_.of(control).controls.empty() &&
                          flow_role(file_.nodes[inputs[0].node].op) == FlowRole::kSwitch;
    if (made_[control] != nullptr && !is_pivot) controls.push_back(made_[control]);
  }
  return controls;
}

Node* NodeAdder::add_expanded(GraphState& graph, size_t index) {
  const NodeDef& def = file_.nodes[index];
  const Expansion* const expansion = expansion_of(def.op);
  const size_t least = expansion != nullptr ? expansion->inputs : inputs_of_call(def.op);
  require<ValueError>(links_.of(index).inputs.size() >= least, ErrorKind::bad_argument, "Node '",
                      def.name, "' has ", links_.of(index).inputs.size(), " inputs, but ", def.op,
                      " takes at least ", least);
  const Graph handle(graph.shared_from_this());
  const ScopeGuard as_default = handle.as_default();
  std::vector<Operation> before;
  for (Node* control : controls_of(index)) before.push_back(graph.handle(control));
  const Context controls = enter_control_dependencies(before);
  const Context device = enter_device(options_.clear_devices ? "" : std::string(def.device));
  AttrMap attrs;
  for (const auto& [name, bytes] : def.attrs) {
    if (auto value = decode_attr_value(bytes, nullptr, most_bytes_)) attrs.set(name, *value);
  }
  std::vector<Output> inputs;
  for (const GraphLinks::Edge& edge : links_.of(index).inputs) {
    inputs.push_back(graph.handle(endpoint_of(edge, def)));
  }
  const ExpandedNode node{full_name(def.name) + '/', std::move(inputs), attrs};
  Expanded made;
  if (expansion != nullptr) {
    // What it is made of has names below its own, which no other operation of the file has.
    const NameScope below = name_scope(node.name);
    made = expansion->add(node);
  } else {
    made = add_call({functions_, def, bytes_, options_.clear_devices}, node);
  }
  outputs_[index] = std::move(made.outputs);
  return made.op.node();
}

Node* NodeAdder::make(GraphState& graph, size_t index) {
  const NodeDef& def = file_.nodes[index];
  if (is_function_call(def.op) || expansion_of(def.op) != nullptr) {
    return add_expanded(graph, index);
  }
  ImportedNode node{.type = def.op, .attrs = attrs_of(index)};
  for (const GraphLinks::Edge& edge : links_.of(index).inputs) {
    node.inputs.emplace_back(endpoint_of(edge, def));
  }
  make_current(node);
  if (OpRegistry::global().find(node.type)->action == PlanAction::kConstant) {
    fill_large_constant(node, def);
  }
  const RegisteredOp& op = *OpRegistry::global().find(node.type);
  NodeArguments arguments{
      .type = node.type, .name = full_name(def.name) + '/', .where = CallerLine::or_else({})};
  size_t takes = 0;
  for (const ArgDef& arg : op.input_args) {
    if (!arg.number_attr.empty() && !node.attrs.has(arg.number_attr)) {
      node.attrs.set(arg.number_attr, static_cast<int64_t>(node.inputs.size()));
    }
    arguments.input_counts.push_back(arg.count(node.attrs));
    takes += arguments.input_counts.back();
  }
  require<ValueError>(takes == node.inputs.size(), ErrorKind::bad_argument, "Node '", def.name,
                      "' has ", node.inputs.size(), " inputs, but ", node.type, " takes ", takes);
  for (NodeInput& input : node.inputs) arguments.inputs.push_back(std::move(input));
  arguments.control_inputs = controls_of(index);
  arguments.attrs = std::move(node.attrs);
  Node* made = graph.add_node(std::move(arguments));
  place(*made, def);
  return made;
}

void NodeAdder::add_as_identity(GraphState& graph, size_t index, const Output& of) {
  NodeArguments arguments{.type = "Identity",
                          .name = full_name(file_.nodes[index].name) + '/',
                          .where = CallerLine::or_else({})};
  arguments.inputs.emplace_back(internal::endpoint_of(of));
  arguments.input_counts = {1};
  arguments.control_inputs = controls_of(index);
  made_[index] = graph.add_node(std::move(arguments));
  outputs_.erase(index);
}

void NodeAdder::add(GraphState& graph, size_t index) { made_[index] = make(graph, index); }

}  // namespace tenon::internal
