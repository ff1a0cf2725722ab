#include "core/session/graph_message.h"

#include <mutex>
#include <unordered_set>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/plan/plan_graph.h"
#include "core/plan/stages.h"

namespace tenon::internal {
namespace {

enum class EntryKind : uint8_t { kEnd, kNode, kStandIn };

// Whether another task can run it: its bodies and functions stay where the program made them.
bool can_be_sent(const Node& node) { return node.flow == nullptr && node.body == nullptr; }

// The names of files are kept for the life of the process, as compilers keep them.
const char* kept(const std::string& file) {
  static std::mutex mutex;
  static auto* const all = new std::unordered_set<std::string>;
  const std::lock_guard lock(mutex);
  return all->insert(file).first->c_str();
}

}  // namespace

// Depth first, with a stack of its own: what an operation takes comes before it.
void SentGraph::collect(const Node& root, const Places& places, std::vector<Entry>& entries) {
  const auto belongs = [&](const Node& node) {
    return is_everywhere(node) || (places.is_there(node) && can_be_sent(node));
  };
  std::vector<std::pair<const Node*, size_t>> stack;
  const auto open = [&](const Node& node) {
    if (nodes_.insert(node.id).second) stack.emplace_back(&node, 0);
  };
  open(root);
  while (!stack.empty()) {
    const auto [node, next] = stack.back();
    const size_t inputs = node->inputs.size();
    if (next == inputs + node->control_inputs.size()) {
      entries.push_back({node});
      stack.pop_back();
      continue;
    }
    ++stack.back().second;
    if (next >= inputs) {
      const Node& control = *node->control_inputs[next - inputs];
      if (belongs(control)) open(control);
      continue;
    }
    const Endpoint& input = node->inputs[next];
    if (belongs(*input.node)) {
      open(*input.node);
    } else if (stand_ins_.insert({input.node->id, input.index}).second) {
      entries.push_back({input.node, input.index});
    }
  }
}

void SentGraph::add(Message& message, const std::vector<const Node*>& ops, const Places& places) {
  std::vector<Entry> entries;
  for (const Node* op : ops) {
    require<UnimplementedError>(can_be_sent(*op), ErrorKind::bad_placement, described(*op),
                                " is placed on ", places.device(*op), ": conditionals, loops and ",
                                "functions of the program's run only on the session's own task");
    collect(*op, places, entries);
  }
  for (const auto& [node, output] : entries) {
    if (output < 0) {
      message.add(EntryKind::kNode);
      write(message, *node, places);
      continue;
    }
    const bool is_variable = node->def->is_variable;
    message.add(EntryKind::kStandIn).add(node->id).add(output).add(places.host);
    message.add(nth(node->output_dtypes, output));
    message.add(is_variable ? node->attrs.get<Shape>("shape") : nth(node->output_shapes, output));
  }
  message.add(EntryKind::kEnd);
}

void SentGraph::write(Message& message, const Node& node, const Places& places) {
  message.add(node.id).add(node.type()).add(node.name);
  message.add(places.is_there(node) ? places.device(node) : places.host);
  message.add(node.made_at.file).add(node.made_at.line);
  const auto attrs = static_cast<size_t>(std::distance(node.attrs.begin(), node.attrs.end()));
  message.add(attrs);
  for (const auto& [name, value] : node.attrs) message.add(name).add(value);
  message.add(node.inputs.size());
  for (const Endpoint& input : node.inputs) message.add(input.node->id).add(input.index);
  std::vector<int> controls;
  for (const Node* control : node.control_inputs) controls.push_back(control->id);
  message.add(controls);
  message.add(node.output_shapes.empty() ? Shape::unknown() : node.output_shapes[0]);
}

// Runs of other parts place all operations that are there: none of these is to be half made.
void ReceivedGraph::read(MessageReader& reader) {
  const std::lock_guard lock(graph_->mutex);
  while (true) {
    const auto kind = reader.number<EntryKind>();
    if (kind == EntryKind::kEnd) return;
    kind == EntryKind::kNode ? add_node(reader) : add_stand_in(reader);
  }
}

void ReceivedGraph::add_stand_in(MessageReader& reader) {
  const auto number = reader.number<int>();
  const auto output = reader.number<int>();
  const std::string device = reader.text();
  const auto dtype = reader.number<DType>();
  // A name that no program gives.
  Node* const node = graph_->add_node({.type = "Placeholder",
                                       .name = str(".received-/", number, ".", output, "/"),
                                       .attrs = {{"dtype", dtype}, {"shape", reader.shape()}}});
  node->device = device;
  stand_ins_[{number, output}] = node;
}

void ReceivedGraph::add_node(MessageReader& reader) {
  const auto number = reader.number<int>();
  const std::string type = reader.text();
  NodeArguments arguments{.type = type, .name = reader.text() + '/'};
  const std::string device = reader.text();
  const char* const file = kept(reader.text());
  arguments.where = {file, reader.number<int>()};
  for (size_t left = reader.number<size_t>(); left > 0; --left) {
    const std::string name = reader.text();
    arguments.attrs.set(name, reader.attr_value());
  }
  for (size_t left = reader.number<size_t>(); left > 0; --left) {
    const auto of = reader.number<int>();
    arguments.inputs.push_back(NodeInput(endpoint(of, reader.number<int>())));
  }
  for (const int control : reader.numbers<int>()) {
    const auto found = nodes_.find(control);
    if (found != nodes_.end()) arguments.control_inputs.push_back(found->second);
  }
  const Shape shape = reader.shape();
  const RegisteredOp* const op = OpRegistry::global().find(type);
  require<InvalidArgumentError>(op != nullptr, ErrorKind::no_kernel, "There is no operation ", type,
                                " in this task's Tenon");
  for (const ArgDef& arg : op->input_args) {
    arguments.input_counts.push_back(arg.count(arguments.attrs));
  }
  if (!op->output_args.empty() && !op->is_variable) arguments.shape = shape;
  Node* const node = graph_->add_node(std::move(arguments));
  node->device = device;
  node->colocation = {};
  nodes_[number] = node;
}

Node* ReceivedGraph::node(int number) const {
  const auto found = nodes_.find(number);
  require(found != nodes_.end(), ErrorKind::bad_argument,
          "A task was asked for an operation that it wasn't sent");
  return found->second;
}

Endpoint ReceivedGraph::endpoint(int number, int output) const {
  const auto stand_in = stand_ins_.find({number, output});
  if (stand_in != stand_ins_.end() && !nodes_.contains(number)) return {stand_in->second, 0};
  return {node(number), output};
}

}  // namespace tenon::internal
