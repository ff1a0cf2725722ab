#include "core/graph/builder.h"

#include <memory>
#include <mutex>
#include <optional>

#include "core/base/caller_line.h"
#include "core/base/check.h"

namespace tenon::internal {
namespace {

// Finds the one graph that inputs belong to.
class GraphOfInputs {
 public:
  void take(const Input& input) {
    if (!input.is_output()) return;
    std::shared_ptr<GraphState> of = input.graph_state();
    if (!state_) {
      state_ = std::move(of);
      first_ = &input;
    } else if (of != state_) {
      fail<ValueError>(ErrorKind::bad_argument, "Tensor '", input.name(),
                       "' must be from the same graph as tensor '", first_->name(), "'");
    }
  }
  std::shared_ptr<GraphState> state() const { return state_ ? state_ : default_graph_state(); }

 private:
  std::shared_ptr<GraphState> state_;
  const Input* first_ = nullptr;
};

// Of an output whose graph is there.
Endpoint endpoint_of(const Output& output) {
  Node* node = output.op().node_unchecked();
  if (node->id == Node::kTakenBack) node = output.op().node();  // throws
  return {node, output.index()};
}

// Variables are read before what takes their values is made; where that fails, the reads go, too.
struct Reads {
  Reads(const Input& variable, const Location& where)
      : graph(variable.graph_state()), lock(graph->mutex), trial(*graph), line(where) {}

  std::shared_ptr<GraphState> graph;
  std::lock_guard<std::recursive_mutex> lock;
  GraphState::Trial trial;
  CallerLine line;
};

}  // namespace

Graph graph_of(std::span<const Input> inputs) {
  GraphOfInputs graph;
  for (const Input& input : inputs) graph.take(input);
  return Graph(graph.state());
}

Operation add_operation(std::string_view type, std::span<const InputList> inputs,
                        AddOptions options) {
  NodeArguments arguments{.type = type,
                          .name = std::move(options.name),
                          .attrs = std::move(options.attrs),
                          .where = CallerLine::or_else(options.where),
                          .shape = std::move(options.shape)};
  GraphOfInputs graph_of_inputs;
  std::optional<Reads> reads;
  for (const InputList& list : inputs) {
    arguments.input_counts.push_back(list.items.size());
    for (const Input& input : list.items) {
      graph_of_inputs.take(input);
      if (arguments.where.line == 0) arguments.where = input.where();
      if (input.is_output()) {
        if (input.is_variable() && !reads) reads.emplace(input, arguments.where);
        arguments.inputs.emplace_back(endpoint_of(input.output()));
      } else {
        require<ValueError>(static_cast<bool>(input.value()), ErrorKind::bad_argument,
                            "None values not supported: an input of '",
                            arguments.name.empty() ? type : arguments.name, "' is empty");
        arguments.inputs.emplace_back(input.value(), input.is_weak());
      }
    }
  }
  const std::shared_ptr<GraphState> graph = graph_of_inputs.state();
  return graph->handle(graph->add_node(std::move(arguments)));
}

Output make_constant(const Tensor& value, std::string_view name, Location where) {
  return add_output("Const", {},
                    {.name = std::string(name),
                     .attrs = {{"value", value}, {"dtype", value.dtype()}},
                     .where = where});
}

Output as_output(const Input& input, std::string_view name, DType dtype) {
  if (input.is_output()) {
    const Output output = input.output();
    require<TypeError>(dtype == DType::invalid || output.dtype() == dtype,
                       ErrorKind::dtype_incompatible, "Tensor conversion requested dtype ", dtype,
                       " for Tensor '", output.name(), "' with dtype ", output.dtype());
    return output;
  }
  const Tensor& value = input.value();
  require<ValueError>(static_cast<bool>(value), ErrorKind::bad_argument,
                      "None values not supported");
  const DType want = dtype != DType::invalid ? dtype
                     : input.is_weak()       ? natural_dtype(value)
                                             : value.dtype();
  const Tensor converted = value.dtype() == want ? value.clone()
                           : input.is_weak()     ? convert_literal(value, want)
                                                 : Tensor();
  require<TypeError>(static_cast<bool>(converted), ErrorKind::dtype_incompatible, "Expected ", want,
                     ", but got ", value, " of type '", value.dtype(), "'");
  return make_constant(converted, name, input.where());
}

std::vector<Output> outputs_of(const Operation& op) {
  std::vector<Output> outputs;
  for (int i = 0; i < op.output_count(); ++i) outputs.push_back(op.output(i));
  return outputs;
}

std::vector<Output> as_outputs(const Inputs& inputs) {
  std::vector<Output> outputs;
  for (const Input& input : inputs) {
    outputs.push_back(input.is_output() || input.value() ? as_output(input) : Output());
  }
  return outputs;
}

}  // namespace tenon::internal
