// PyFunc: a function of the program's. It is made as what owns bodies is, and runs as they do: only
// the run knows the shapes of what it returns.
#include "tenon/function_op.h"

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/gradient_overrides.h"
#include "core/ops/flow_rules.h"

namespace tenon {
namespace internal {

void register_function_op(OpRegistry& ops) {
  for (const char* name : {"PyFunc", "PyFuncStateless"}) {
    ops.add({.name = name,
             .shape = made_with_bodies_alone,
             .differentiable = false,
             .stateful = name == std::string_view("PyFunc"),
             .action = PlanAction::kCall});
  }
}

Operation make_function_op(TensorFunction function, const Inputs& inputs,
                           const std::vector<DType>& dtypes, const FunctionOptions& options,
                           const Location& where) {
  const CallerLine line(where);
  require<ValueError>(static_cast<bool>(function), ErrorKind::bad_argument,
                      "The function is empty");
  require<ValueError>(options.shapes.empty() || options.shapes.size() == dtypes.size(),
                      ErrorKind::bad_argument, "There are ", options.shapes.size(), " shapes for ",
                      dtypes.size(), " results");
  const std::shared_ptr<GraphState> graph = graph_of(inputs.items()).state();
  const ScopeGuard as_default = Graph(graph).as_default();
  const std::lock_guard lock(graph->mutex);
  const GraphState::Trial trial(*graph);
  FlowArguments arguments{.type = options.stateful ? "PyFunc" : "PyFuncStateless",
                          .name = options.name,
                          .output_dtypes = dtypes,
                          .output_shapes = Shapes(dtypes.size(), Shape::unknown()),
                          .where = CallerLine::or_else(where)};
  for (const Input& input : inputs) {
    arguments.inputs.push_back(
        visible_from(*graph, graph->contexts().body, endpoint_of(as_output(input, "input"))));
  }
  for (size_t i = 0; i < options.shapes.size(); ++i) arguments.output_shapes[i] = options.shapes[i];
  arguments.flow.function = std::move(function);
  const Operation op = graph->handle(graph->add_flow(std::move(arguments)));
  if (options.gradient) set_gradient(op, options.gradient);
  return op;
}

}  // namespace internal

std::vector<Output> function_op(TensorFunction function, const Inputs& inputs,
                                const std::vector<DType>& dtypes, const FunctionOptions& options,
                                Location where) {
  const Operation op =
      internal::make_function_op(std::move(function), inputs, dtypes, options, where);
  std::vector<Output> outputs;
  for (int i = 0; i < op.output_count(); ++i) outputs.push_back(op.output(i));
  return outputs;
}

}  // namespace tenon
