#include "core/import/graph_importer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <queue>
#include <set>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/op_def.h"
#include "core/import/expansions.h"
#include "core/import/imported_constant.h"
#include "core/import/tensor_name.h"
#include "tenon/device.h"

namespace tenon::internal {

namespace {

constexpr int32_t kScalarShapesMeanUnknown = 21;  // of placeholders, up to this producer
constexpr uint64_t kSmall = uint64_t{1} << 20;    // bytes that any file may make of a constant
constexpr std::string_view kColocation = "_class", kColocatedWith = "loc:@";

// What an attribute must be for the operation's definition to take it; null where it says nothing.
const AttrValue* like_of(const RegisteredOp& op, std::string_view name) {
  static const AttrValue dtype = DType::invalid, number = int64_t{0};
  if (const AttrValue* standard = op.defaults.find(name)) return standard;
  for (const auto* args : {&op.input_args, &op.output_args}) {
    for (const ArgDef& arg : *args) {
      if (arg.type_attr == name) return &dtype;
      if (arg.number_attr == name) return &number;
    }
  }
  return nullptr;
}

size_t input_count(const RegisteredOp& op, const AttrMap& attrs) {
  size_t count = 0;
  for (const ArgDef& arg : op.input_args) count += arg.count(attrs);
  return count;
}

}  // namespace

GraphImporter::GraphImporter(const GraphDef& file, size_t bytes, const ImportOptions& options)
    : file_(file),
      options_(options),
      most_bytes_(std::max<uint64_t>(kSmall, uint64_t{16} * bytes)),
      required_(file.nodes.size(), options.strict),
      left_out_(file.nodes.size()),
      made_(file.nodes.size(), nullptr) {
  for (size_t i = 0; i < file.nodes.size(); ++i) {
    require<ValueError>(by_name_.emplace(file.nodes[i].name, i).second, ErrorKind::bad_argument,
                        "The graph has two operations of the name '", file.nodes[i].name, "'");
  }
  link();
  if (!options.strict) find_required();
  order_ = inputs_first();
}

GraphImporter::Edge GraphImporter::edge_of(std::string_view name, std::string_view asked_by) {
  const TensorName parsed = parse_tensor_name(name);
  Edge edge{.output = parsed.output, .mapped = mapped(std::string(parsed.node), parsed.output)};
  if (edge.mapped != nullptr) return edge;
  const auto at = by_name_.find(parsed.node);
  require<ValueError>(at != by_name_.end(), ErrorKind::bad_argument, "Node '", asked_by,
                      "': its input '", name, "' isn't in the graph");
  edge.node = at->second;
  return edge;
}

const Output* GraphImporter::mapped(const std::string& node, int output) {
  for (const std::string& name : {str(node, ':', output), output == 0 ? node : std::string()}) {
    const auto at = options_.input_map.find(name);
    if (at == options_.input_map.end()) continue;
    used_maps_.insert(name);
    return &at->second;
  }
  return nullptr;
}

void GraphImporter::link() {
  for (const NodeDef& node : file_.nodes) {
    Links& links = links_.emplace_back();
    for (const std::string_view input : node.inputs) {
      if (!input.starts_with('^')) {
        links.inputs.push_back(edge_of(input, node.name));
        continue;
      }
      const auto at = by_name_.find(input.substr(1));
      require<ValueError>(at != by_name_.end(), ErrorKind::bad_argument, "Node '", node.name,
                          "': its control input '", input, "' isn't in the graph");
      links.controls.push_back(at->second);
    }
  }
}

std::vector<size_t> GraphImporter::producers_of(size_t index) const {
  std::vector<size_t> producers = links_[index].controls;
  for (const Edge& edge : links_[index].inputs) {
    if (edge.mapped == nullptr) producers.push_back(edge.node);
  }
  return producers;
}

void GraphImporter::find_required() {
  std::vector<size_t> open;
  for (const std::string& element : options_.return_elements) {
    const auto at = by_name_.find(parse_tensor_name(element).node);
    if (at != by_name_.end()) open.push_back(at->second);
  }
  while (!open.empty()) {
    const size_t index = open.back();
    open.pop_back();
    if (required_[index]) continue;
    required_[index] = true;
    const std::vector<size_t> producers = producers_of(index);
    open.insert(open.end(), producers.begin(), producers.end());
  }
}

void GraphImporter::leave_out_savers() {
  static constexpr std::array<std::string_view, 8> kSaverTypes = {
      "SaveV2", "RestoreV2",  "MergeV2Checkpoints", "ShardedFilename",
      "Save",   "SaveSlices", "RestoreSlice",       "Restore"};
  for (const size_t index : order_) {
    const auto producers = producers_of(index);
    left_out_[index] = std::find(kSaverTypes.begin(), kSaverTypes.end(), file_.nodes[index].op) !=
                           kSaverTypes.end() ||
                       std::any_of(producers.begin(), producers.end(),
                                   [this](size_t producer) { return left_out_[producer]; });
    if (left_out_[index]) required_[index] = false;
  }
}

void GraphImporter::check_mapped() const {
  std::vector<std::string> unused;
  for (const auto& [name, output] : options_.input_map) {
    if (!used_maps_.contains(name)) unused.push_back(name);
  }
  require<ValueError>(unused.empty(), ErrorKind::bad_argument,
                      "Attempted to map inputs that were not found in graph_def: [", join(unused),
                      "]");
}

std::vector<size_t> GraphImporter::inputs_first() const {
  std::vector<size_t> waits(file_.nodes.size());
  std::vector<std::vector<size_t>> users(file_.nodes.size());
  for (size_t i = 0; i < links_.size(); ++i) {
    for (const size_t producer : producers_of(i)) {
      ++waits[i];
      users[producer].push_back(i);
    }
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < links_.size(); ++i) {
    if (waits[i] == 0) ready.push(i);
  }
  std::vector<size_t> ordered;
  while (!ready.empty()) {
    ordered.push_back(ready.top());
    ready.pop();
    for (const size_t user : users[ordered.back()]) {
      if (--waits[user] == 0) ready.push(user);
    }
  }
  return ordered;
}

void GraphImporter::check_support(size_t index, Unsupported& unsupported) const {
  const NodeDef& node = file_.nodes[index];
  const RegisteredOp* op = OpRegistry::global().find(current_type(node.op));
  if (expansion_of(node.op) != nullptr) return;
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

AttrMap GraphImporter::attrs_of(size_t index) const {
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

std::string GraphImporter::full_name(std::string_view name) const {
  return options_.name.empty() ? std::string(name) : str(options_.name, '/', name);
}

void GraphImporter::place(Node& node, const NodeDef& def) const {
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

Endpoint GraphImporter::endpoint_of(const Edge& edge, const NodeDef& user) const {
  const auto expanded = edge.mapped == nullptr ? expanded_.find(edge.node) : expanded_.end();
  const Output* output = edge.mapped;
  if (expanded != expanded_.end() && static_cast<size_t>(edge.output) < expanded->second.size()) {
    output = &expanded->second[static_cast<size_t>(edge.output)];
  }
  if (output != nullptr) return {output->op().node(), output->index()};
  Node* node = made_[edge.node];
  require<ValueError>(static_cast<size_t>(edge.output) < node->output_dtypes.size(),
                      ErrorKind::bad_argument, "Node '", user.name, "': its input '", node->name,
                      ':', edge.output, "' isn't there: that operation has ",
                      node->output_dtypes.size(), " outputs");
  return {node, edge.output};
}

Node* GraphImporter::add_expanded(GraphState& graph, size_t index) {
  const NodeDef& def = file_.nodes[index];
  const Graph handle(graph.shared_from_this());
  const ScopeGuard as_default = handle.as_default();
  std::vector<Operation> before;
  for (const size_t control : links_[index].controls)
    before.push_back(graph.handle(made_[control]));
  const Context controls = enter_control_dependencies(before);
  const Context device = enter_device(options_.clear_devices ? "" : std::string(def.device));
  AttrMap attrs;
  for (const auto& [name, bytes] : def.attrs) {
    if (auto value = decode_attr_value(bytes, nullptr, most_bytes_)) attrs.set(name, *value);
  }
  std::vector<Output> inputs;
  for (const Edge& edge : links_[index].inputs) {
    inputs.push_back(graph.handle(endpoint_of(edge, def)));
  }
  expanded_[index] = expansion_of(def.op)({full_name(def.name) + '/', std::move(inputs), attrs});
  return expanded_[index].front().op().node();
}

Node* GraphImporter::add(GraphState& graph, size_t index) {
  const NodeDef& def = file_.nodes[index];
  if (expansion_of(def.op) != nullptr) return add_expanded(graph, index);
  ImportedNode node{.type = def.op, .attrs = attrs_of(index)};
  for (const Edge& edge : links_[index].inputs) {
    node.inputs.emplace_back(endpoint_of(edge, def));
  }
  make_current(node);
  if (OpRegistry::global().find(node.type)->action == PlanAction::kConstant) {
    fill_large_constant(node, def);
  }
  const RegisteredOp& op = *OpRegistry::global().find(node.type);
  NodeArguments arguments{.type = node.type, .name = full_name(def.name) + '/'};
  for (const ArgDef& arg : op.input_args) {
    if (!arg.number_attr.empty() && !node.attrs.has(arg.number_attr)) {
      node.attrs.set(arg.number_attr, static_cast<int64_t>(node.inputs.size()));
    }
    arguments.input_counts.push_back(arg.count(node.attrs));
  }
  require<ValueError>(input_count(op, node.attrs) == node.inputs.size(), ErrorKind::bad_argument,
                      "Node '", def.name, "' has ", node.inputs.size(), " inputs, but ", node.type,
                      " takes ", input_count(op, node.attrs));
  for (NodeInput& input : node.inputs) arguments.inputs.push_back(std::move(input));
  for (const size_t control : links_[index].controls) {
    arguments.control_inputs.push_back(made_[control]);
  }
  arguments.attrs = std::move(node.attrs);
  Node* made = graph.add_node(std::move(arguments));
  place(*made, def);
  return made;
}

ImportedElements GraphImporter::add_to(const std::shared_ptr<GraphState>& graph) {
  check_mapped();
  for (const std::string& element : options_.return_elements) {
    require<ValueError>(by_name_.contains(parse_tensor_name(element).node), ErrorKind::bad_argument,
                        "Requested return_element '", element, "' not found in graph_def.");
  }
  check_required();
  const std::lock_guard lock(graph->mutex);
  const GraphState::Trial trial(*graph);
  for (const size_t index : order_) {
    if (required_[index]) {
      made_[index] = add(*graph, index);
    } else if (can_add(index)) {
      try_to_add(*graph, index);
    }
  }
  return elements_of(*graph);
}

void GraphImporter::check_required() const {
  Unsupported unsupported;
  for (size_t i = 0; i < file_.nodes.size(); ++i) {
    if (required_[i]) check_support(i, unsupported);
  }
  require<UnimplementedError>(unsupported.empty(), ErrorKind::no_kernel,
                              "The graph needs what Tenon doesn't have:", unsupported.to_string());
  std::vector<bool> cyclic = required_;
  for (const size_t index : order_) cyclic[index] = false;
  const auto at = std::find(cyclic.begin(), cyclic.end(), true);
  if (at == cyclic.end()) return;
  fail<ValueError>(ErrorKind::bad_argument, "Node '",
                   file_.nodes[static_cast<size_t>(at - cyclic.begin())].name,
                   "' depends on itself, and no loop is there");
}

void GraphImporter::try_to_add(GraphState& graph, size_t index) {
  try {
    made_[index] = add(graph, index);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): nobody asked for it
  }
}

bool GraphImporter::can_add(size_t index) const {
  if (left_out_[index]) return false;
  Unsupported unsupported;
  check_support(index, unsupported);
  const std::vector<size_t> producers = producers_of(index);
  return unsupported.empty() && std::all_of(producers.begin(), producers.end(),
                                            [&](size_t i) { return made_[i] != nullptr; });
}

Node* GraphImporter::added(std::string_view name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : made_[at->second];
}

ImportedElements GraphImporter::elements_of(GraphState& graph) const {
  ImportedElements elements;
  for (const std::string& element : options_.return_elements) {
    const TensorName name = parse_tensor_name(element);
    Node* node = added(name.node);
    if (name.node.size() == element.size()) {
      elements.operations.push_back(graph.handle(node));
      continue;
    }
    require<ValueError>(static_cast<size_t>(name.output) < node->output_dtypes.size(),
                        ErrorKind::bad_argument, "Requested return_element '", element,
                        "' not found in graph_def: the operation has ", node->output_dtypes.size(),
                        " outputs");
    elements.outputs.push_back(graph.handle(Endpoint{node, name.output}));
  }
  return elements;
}

}  // namespace tenon::internal
