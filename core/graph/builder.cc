#include "core/graph/builder.h"

#include "core/base/check.h"

namespace tenon::internal {

namespace {

// Finds the one graph that inputs belong to.
class GraphOfInputs {
 public:
  void take(const Input& input) {
    if (!input.is_output()) return;
    std::shared_ptr<GraphState> of = input.output().op().state();
    if (!state_) {
      state_ = std::move(of);
      first_ = &input.output();
    } else if (of != state_) {
      fail<ValueError>(ErrorKind::bad_argument, "Tensor '", input.output().name(),
                       "' must be from the same graph as tensor '", first_->name(), "'");
    }
  }
  std::shared_ptr<GraphState> state() const { return state_ ? state_ : default_graph_state(); }

 private:
  std::shared_ptr<GraphState> state_;
  const Output* first_ = nullptr;
};

// Of an output whose graph is there.
Endpoint endpoint_of(const Output& output) {
  Node* node = output.op().node_unchecked();
  if (node->id == Node::kTakenBack) node = output.op().node();  // throws
  return {node, output.index()};
}

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
                          .where = options.where,
                          .shape = std::move(options.shape)};
  GraphOfInputs graph_of_inputs;
  for (const InputList& list : inputs) {
    arguments.input_counts.push_back(list.items.size());
    for (const Input& input : list.items) {
      graph_of_inputs.take(input);
      if (arguments.where.line == 0) arguments.where = input.where();
      if (input.is_output()) {
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
    require<TypeError>(dtype == DType::invalid || input.output().dtype() == dtype,
                       ErrorKind::dtype_incompatible, "Tensor conversion requested dtype ", dtype,
                       " for Tensor '", input.output().name(), "' with dtype ",
                       input.output().dtype());
    return input.output();
  }
  const Tensor& value = input.value();
  require<ValueError>(static_cast<bool>(value), ErrorKind::bad_argument,
                      "None values not supported");
  const DType want = dtype != DType::invalid ? dtype
                     : input.is_weak()       ? natural_dtype(value)
                                             : value.dtype();
  const Tensor converted = value.dtype() == want ? value
                           : input.is_weak()     ? convert_literal(value, want)
                                                 : Tensor();
  require<TypeError>(static_cast<bool>(converted), ErrorKind::dtype_incompatible, "Expected ", want,
                     ", but got ", value, " of type '", value.dtype(), "'");
  return make_constant(converted, name, input.where());
}

}  // namespace tenon::internal
