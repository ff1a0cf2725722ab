// The handles: Graph, Operation, Output.
#include "tenon/graph.h"

#include <charconv>
#include <ostream>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/graph_state.h"
#include "core/graph/size_rules.h"

namespace tenon {

using internal::Endpoint;
using internal::fail;
using internal::GraphState;
using internal::Node;
using internal::require;
using internal::str;

namespace {

Shape& shape_of(const Output& output) {
  return output.op().node()->output_shapes[static_cast<size_t>(output.index())];
}

}  // namespace

std::shared_ptr<GraphState> Operation::state() const {
  require<ValueError>(node_ != nullptr, ErrorKind::bad_argument,
                      "This Operation or Output is empty: it stands for nothing in a graph");
  std::shared_ptr<GraphState> state = graph_.lock();
  require<FailedPreconditionError>(state != nullptr, ErrorKind::closed,
                                   "The graph of this Operation, Output or Variable is gone. Keep ",
                                   "the Graph, or a Session of it, as long as its handles");
  return state;
}

Node* Operation::node() const {
  state();
  require<FailedPreconditionError>(
      node_->id != internal::Node::kTakenBack, ErrorKind::closed, "Operation '", node_->name,
      "' is no longer in the graph: it was ", "taken back when what made it failed");
  return node_;
}

const Node* Operation::node_if_there() const noexcept {
  const std::shared_ptr<GraphState> state = graph_.lock();
  return state == nullptr || node_->id == Node::kTakenBack ? nullptr : node_;
}

const std::string& Operation::name() const { return node()->name; }
const std::string& Operation::type() const { return node()->type(); }
std::string Operation::device() const { return node()->device; }
Location Operation::made_at() const { return node()->made_at; }
int Operation::input_count() const { return static_cast<int>(node()->inputs.size()); }
int Operation::output_count() const { return static_cast<int>(node()->output_dtypes.size()); }

Output Operation::input(int index) const {
  const Node* of = node();
  require<ValueError>(index >= 0 && static_cast<size_t>(index) < of->inputs.size(),
                      ErrorKind::bad_argument, "Operation '", of->name, "' has ", of->inputs.size(),
                      " inputs; there is no input ", index);
  const Endpoint& from = of->inputs[static_cast<size_t>(index)];
  return Output(internal::Unchecked(), Operation(graph_, from.node), from.index);
}

Output Operation::output(int index) const {
  const Node* of = node();
  require<ValueError>(index >= 0 && static_cast<size_t>(index) < of->output_dtypes.size(),
                      ErrorKind::bad_argument, "Operation '", of->name, "' has ",
                      of->output_dtypes.size(), " outputs; there is no output ", index);
  return Output(internal::Unchecked(), *this, index);
}

std::vector<Operation> Operation::control_inputs() const {
  std::vector<Operation> ops;
  for (Node* input : node()->control_inputs) ops.emplace_back(graph_, input);
  return ops;
}

Graph Operation::graph() const { return Graph(state()); }

// Of an operation that is gone, or of none, whatever uses the output says so.
Output::Output(Operation op, int index) : op_(std::move(op)), index_(index) {
  const Node* of = op_.node_if_there();
  if (of == nullptr) return;
  require<ValueError>(index >= 0 && static_cast<size_t>(index) < of->output_dtypes.size(),
                      ErrorKind::bad_argument, "Operation '", of->name, "' has ",
                      of->output_dtypes.size(), " outputs; there is no output ", index);
}

std::string Output::name() const { return str(op_.name(), ":", index_); }

DType Output::dtype() const { return op_.node()->output_dtypes[static_cast<size_t>(index_)]; }

Shape Output::shape() const {
  const std::shared_ptr<GraphState> state = op_.state();
  std::lock_guard lock(state->mutex);
  if (dtype() == DType::resource) return Shape({});  // one handle; the node keeps what is behind it
  return shape_of(*this);
}

void Output::set_shape(const Shape& shape) const {
  const std::shared_ptr<GraphState> state = op_.state();
  std::lock_guard lock(state->mutex);
  internal::check_sizes(shape);
  Shape& known = shape_of(*this);
  known = known.merged_with(shape);
}

Graph Output::graph() const { return op_.graph(); }

std::ostream& operator<<(std::ostream& out, const Operation& op) {
  if (!op) return out << "<no operation>";
  return out << "<Operation '" << op.name() << "' type=" << op.type() << ">";
}

std::ostream& operator<<(std::ostream& out, const Output& output) {
  if (!output) return out << "<no output>";
  return out << "<Output '" << output.name() << "' shape=" << output.shape()
             << " dtype=" << output.dtype() << ">";
}

Graph::Graph() : state_(std::make_shared<GraphState>()) {}

const std::shared_ptr<GraphState>& Graph::state() const {
  require<FailedPreconditionError>(state_ != nullptr, ErrorKind::closed,
                                   "Use of a Graph that was moved from: it is no graph any more");
  return state_;
}

void Graph::finalize() const {
  std::lock_guard lock(state()->mutex);
  state_->finalized = true;
}

bool Graph::finalized() const {
  std::lock_guard lock(state()->mutex);
  return state_->finalized;
}

std::vector<Operation> Graph::operations() const {
  std::lock_guard lock(state()->mutex);
  std::vector<Operation> ops;
  for (int id = 0; id < state_->node_count(); ++id) ops.push_back(state_->handle(state_->node(id)));
  return ops;
}

Operation Graph::operation(std::string_view name) const {
  if (Node* node = state()->find_node(name)) return state_->handle(node);
  const size_t colon = name.rfind(':');
  require<ValueError>(
      colon == std::string_view::npos || state_->find_node(name.substr(0, colon)) == nullptr,
      ErrorKind::no_such_tensor, "The name '", name, "' refers to a Tensor, not an Operation");
  fail<KeyError>(ErrorKind::no_such_tensor, "The name '", name,
                 "' refers to an Operation not in the graph");
}

Output Graph::tensor(std::string_view name) const {
  const size_t colon = name.rfind(':');
  if (colon == std::string_view::npos) {
    const bool is_operation = state()->find_node(name) != nullptr;
    fail<ValueError>(ErrorKind::no_such_tensor, "The name '", name,
                     is_operation ? "' refers to an Operation, not a Tensor. "
                                  : "' looks like an (invalid) Operation name, not a Tensor. ",
                     "Tensor names must be of the form \"<op_name>:<output_index>\"");
  }
  int index = 0;
  const std::string_view number = name.substr(colon + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
  require<ValueError>(error == std::errc() && end == number.data() + number.size() && index >= 0,
                      ErrorKind::no_such_tensor, "The name '", name,
                      "' looks like a Tensor name, but is not a valid one. Tensor names must be ",
                      "of the form \"<op_name>:<output_index>\"");
  Node* node = state()->find_node(name.substr(0, colon));
  require<KeyError>(node != nullptr, ErrorKind::no_such_tensor, "The name '", name,
                    "' refers to a Tensor which does not exist. The operation, '",
                    name.substr(0, colon), "', does not exist in the graph");
  require<KeyError>(index < static_cast<int>(node->output_dtypes.size()), ErrorKind::no_such_tensor,
                    "The name '", name,
                    "' refers to a Tensor which does not exist. The operation, '", node->name,
                    "', exists but only has ", node->output_dtypes.size(), " outputs");
  return state_->handle(Endpoint{node, index});
}

std::string Graph::unique_name(std::string_view name, bool mark_as_used) const {
  return state()->unique_name(name, mark_as_used);
}

std::string Graph::name_scope() const { return state()->contexts().name_scope; }

void Graph::set_seed(std::optional<int64_t> seed) const {
  std::lock_guard lock(state()->mutex);
  state_->seed = seed;
}

std::optional<int64_t> Graph::seed() const {
  std::lock_guard lock(state()->mutex);
  return state_->seed;
}

}  // namespace tenon
