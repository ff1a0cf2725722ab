#include "core/export/graph_writer.h"

#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/export/flow_writer.h"
#include "core/export/own_ops.h"
#include "core/graph/endpoint.h"
#include "core/graph/handles.h"
#include "core/graph/op_def.h"

namespace tenon::internal {

namespace {

constexpr std::string_view kExplicitPaddings = "explicit_paddings";

// Attributes that TensorFlow's operation hasn't got: some only where they say nothing.
bool is_left_out(const Node& node, const std::string& name, const AttrValue& value) {
  if (name.starts_with('_')) return true;
  if (node.type() == "TensorArrayReadV3" && name == "element_shape") return true;  // the array's
  const bool only_ours = node.type().starts_with("AvgPool") || node.type() == "MaxPoolGradGrad";
  const auto* paddings = std::get_if<std::vector<int64_t>>(&value);
  return only_ours && name == kExplicitPaddings && paddings != nullptr && paddings->empty();
}

}  // namespace

GraphWriter::GraphWriter(const GraphState& graph, const GraphWriterOptions& options)
    : graph_(graph), options_(options) {}

void GraphWriter::write() {
  std::vector<Node*> nodes;
  for (int id = 0; id < graph_.node_count(); ++id) {
    Node* node = graph_.node(id);
    if (node->body != nullptr) continue;
    if (options_.needed != nullptr && !options_.needed->contains(node)) continue;
    nodes.push_back(node);
    if (is_written(*node)) scope_.take_name(*node);
  }
  gates_.emplace(nodes, static_cast<size_t>(graph_.node_count()));
  for (Node* node : nodes) write_node(scope_, *node);
  require<UnimplementedError>(
      refused_.empty() || options_.keeps_own_types, ErrorKind::no_kernel,
      "TensorFlow has no operations for what the graph holds:", refused_.to_string());
}

std::string GraphWriter::finish() { return encode_graph_def(std::move(scope_.bytes()), library_); }

std::string GraphWriter::function_name(const std::string& wanted) {
  std::string name = wanted;
  for (char& c : name) {
    if (c == '/' || c == '.' || c == '-' || c == '\\') c = '_';
  }
  return take_free(functions_, name);
}

const std::string& GraphWriter::device_of(const Node& node) const {
  static const std::string none;
  return options_.clear_devices ? none : node.device;
}

std::vector<std::string> GraphWriter::controls_of(const WrittenScope& scope,
                                                  const Node& node) const {
  std::vector<std::string> names;  // of what is written under a name
  const auto add = [&](const Node* control) {
    const std::string* name = scope.name_of(control);
    if (name != nullptr) names.push_back(*name);
  };
  for (const Node* control : node.control_inputs) add(control);
  if (scope.in_function()) return names;
  for (const Node* reader : gates_->of(node)) add(reader);
  return names;
}

bool GraphWriter::is_frozen(const Endpoint& endpoint) const {
  return options_.frozen != nullptr && options_.frozen->contains(endpoint.node);
}

DType GraphWriter::dtype_of(const Endpoint& endpoint) const {
  if (is_frozen(endpoint)) return options_.frozen->at(endpoint.node).dtype();
  if (is_list(endpoint)) return kVariant;
  switch (handle_kind(endpoint)) {
    case HandleKind::kList:
      return kVariant;
    case HandleKind::kResource:
      return DType::resource;
    case HandleKind::kNone:
      break;
  }
  return dtype_at(endpoint);
}

WrittenValue GraphWriter::value(const WrittenScope& scope, const Endpoint& endpoint,
                                const Node& user) {
  if (const WrittenValue* found = scope.find(endpoint)) return *found;
  refuse(str("what takes an output of ", endpoint.node->type()), user);
  return {.node = endpoint.node->name, .output = "output", .index = endpoint.index};
}

// A frozen variable is a constant, and a read of one passes it on.
bool GraphWriter::write_frozen(WrittenScope& scope, Node& node, const NewNode& like) {
  if (options_.frozen == nullptr) return false;
  const auto constant = options_.frozen->find(&node);
  NewNode written{
      .name = like.name, .op = "Const", .device = like.device, .controls = like.controls};
  if (constant != options_.frozen->end()) {
    const Tensor& value = constant->second;
    written.attrs = {{"dtype", value.dtype()}, {"value", value}};
    scope.set({&node, 0}, scope.add(written, "output", value.dtype()));
    return true;
  }
  if (node.inputs.empty() || !is_frozen(node.inputs[0])) return false;
  require<ValueError>(node.def->writes.empty() && !node.def->asks_for_state(),
                      ErrorKind::bad_argument, "Variables can't become constants: operation '",
                      node.name, "' (", node.type(), ") needs '", node.inputs[0].node->name,
                      "' to be a variable");
  if (node.type() != "ReadVariableOp") return false;
  const DType dtype = dtype_of(node.inputs[0]);
  written.op = "Identity";
  written.inputs = {value(scope, node.inputs[0], node)};
  written.attrs = {{"T", dtype}};
  scope.set({&node, 0}, scope.add(written, "output", dtype));
  return true;
}

// Says what can't be written.
bool GraphWriter::can_be_written(const WrittenScope& scope, const Node& node) {
  if (!scope.in_function()) return true;
  size_t next = 0;
  for (const ArgDef& arg : node.def->input_args) {
    const Endpoint& input = node.inputs[next];
    next += arg.count(node.attrs);
    if (!arg.is_ref || input.node->body == node.body) continue;
    refuse(str(node.type(), " of a reference variable in a conditional or loop"), node);
    return false;
  }
  return true;
}

NewNode GraphWriter::plain(const WrittenScope& scope, const Node& node) {
  NewNode written{.name = *scope.name_of(&node),
                  .op = node.type(),
                  .device = device_of(node),
                  .controls = controls_of(scope, node)};
  for (const auto& [name, value] : node.attrs) {
    if (!is_left_out(node, name, value)) written.attrs.set(name, value);
  }
  std::vector<std::string> places;
  for (const std::string& with : node.colocation) {
    if (options_.needed == nullptr && !scope.in_function()) places.push_back("loc:@" + with);
  }
  if (!places.empty()) written.attrs.set("_class", std::move(places));
  return written;
}

// All outputs of the node as its definition has them.
void GraphWriter::add(WrittenScope& scope, Node& node, const NewNode& written) {
  scope.add(written);
  int index = 0;
  for (const ArgDef& arg : node.def->output_args) {
    const size_t count = arg.count(node.attrs);
    for (size_t place = 0; place < count; ++place, ++index) {
      const Endpoint endpoint{&node, index};
      scope.set(endpoint,
                {written.name, arg.name, static_cast<int>(place), index, dtype_of(endpoint)});
    }
  }
}

// A file can't hold a function of the program's: it is written for who only looks at the graph.
void GraphWriter::write_call(WrittenScope& scope, Node& node) {
  if (!options_.keeps_own_types) return refuse("a function of the program's", node);
  NewNode written = plain(scope, node);
  std::vector<DType> taken;
  for (const Endpoint& input : node.inputs) {
    written.inputs.push_back(value(scope, input, node));
    taken.push_back(dtype_of(input));
  }
  const std::vector<DType> given(node.output_dtypes.begin(), node.output_dtypes.end());
  written.attrs.set("Tin", std::move(taken));
  written.attrs.set("Tout", given);
  written.attrs.set("token", std::string());
  scope.add_list(written, node, given);
}

// A handle's dtype is another there.
void GraphWriter::write_types_of_handles(const Node& node, AttrMap& attrs) const {
  size_t next = 0;
  for (const ArgDef& arg : node.def->input_args) {
    const Endpoint input = next < node.inputs.size() ? node.inputs[next] : Endpoint();
    next += arg.count(node.attrs);
    const bool says_type = !arg.type_attr.empty() && !arg.lists_types && input.node != nullptr;
    if (!says_type || handle_kind(input) == HandleKind::kNone) continue;
    attrs.set(arg.type_attr, dtype_of(input));
  }
}

void GraphWriter::write_node(WrittenScope& scope, Node& node) {
  if (!is_written(node)) return;
  if (node.def->action == PlanAction::kCall) return write_call(scope, node);
  if (node.flow != nullptr) return write_flow(*this, scope, node);
  NewNode written = plain(scope, node);
  if (write_frozen(scope, node, written) || !can_be_written(scope, node)) return;
  if (write_own_op(*this, scope, node, written)) return;
  if (node.type().starts_with('_') && !options_.keeps_own_types) {
    refuse(str("operation type ", node.type()), node);
    return;
  }
  for (const Endpoint& input : node.inputs) written.inputs.push_back(value(scope, input, node));
  write_types_of_handles(node, written.attrs);
  add(scope, node, written);
}

}  // namespace tenon::internal
