#include "core/graph/builder.h"

#include "core/base/strings.h"

namespace tenon::internal {

Graph graph_of(std::span<const Input> inputs) {
  std::shared_ptr<GraphState> state;
  std::string first;
  for (const Input& input : inputs) {
    if (!input.is_output()) continue;
    std::shared_ptr<GraphState> of = input.output().op().state();
    if (!state) {
      state = std::move(of);
      first = input.output().name();
    } else if (of != state) {
      fail<ValueError>(ErrorKind::bad_argument, "Tensor '", input.output().name(),
                       "' must be from the same graph as tensor '", first, "'");
    }
  }
  return Graph(state ? state : default_graph_state());
}

Operation add_operation(std::string_view type, const std::vector<InputList>& inputs,
                        const AddOptions& options) {
  NodeArguments arguments{.type = type,
                          .name = options.name,
                          .attrs = options.attrs,
                          .where = options.where,
                          .shape = options.shape};
  std::vector<Input> all;
  for (const InputList& list : inputs) {
    all.insert(all.end(), list.items.begin(), list.items.end());
  }
  const std::shared_ptr<GraphState> graph = graph_of(all).state();
  for (const InputList& list : inputs) {
    std::vector<NodeInput>& to = arguments.inputs.emplace_back();
    for (const Input& input : list.items) {
      if (arguments.where.line == 0) arguments.where = input.where();
      if (input.is_output()) {
        to.emplace_back(Endpoint{input.output().op().node(), input.output().index()});
      } else {
        require<ValueError>(static_cast<bool>(input.value()), ErrorKind::bad_argument,
                            "None values not supported: an input of '",
                            options.name.empty() ? type : options.name, "' is empty");
        to.emplace_back(input.value(), input.is_weak());
      }
    }
  }
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
