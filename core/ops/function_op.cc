// PyFunc: a function of the program's. It is made as what owns bodies is, for the operation has the
// function; only the run knows the shapes of what it returns.
#include "tenon/function_op.h"

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/graph/gradient_overrides.h"
#include "core/graph/host_call.h"
#include "core/ops/flow_rules.h"

namespace tenon {
namespace internal {
namespace {

// The results must be what the operation was declared to give.
void check_results(const Node& node, const std::vector<Tensor>& results) {
  const size_t count = node.output_dtypes.size();
  require(results.size() == count, ErrorKind::function_failed, "The function returned ",
          results.size(), " values, but was declared to return ", count);
  for (size_t i = 0; i < count; ++i) {
    const Tensor& result = results[i];
    require(static_cast<bool>(result), ErrorKind::function_failed, "The function's result ", i,
            " is empty");
    require(result.dtype() == node.output_dtypes[i], ErrorKind::function_failed,
            "The function's result ", i, " is of ", result.dtype(), ", but was declared to be of ",
            node.output_dtypes[i]);
    require(result.shape().compatible_with(node.output_shapes[i]), ErrorKind::function_failed,
            "The function's result ", i, " has shape ", result.shape(),
            ", but was declared to have ", node.output_shapes[i]);
  }
}

std::vector<Tensor> call_function(HostCall& call) {
  std::vector<Tensor> arguments;
  for (size_t i = 0; i < call.inputs(); ++i) arguments.push_back(call.lasting_input(i));
  std::vector<Tensor> results = call.node().flow->function(arguments);
  check_results(call.node(), results);
  return results;
}

}  // namespace

void register_function_op(OpRegistry& ops) {
  for (const char* name : {"PyFunc", "PyFuncStateless"}) {
    ops.add({.name = name,
             .shape = made_with_bodies_alone,
             .differentiable = false,
             .stateful = name == std::string_view("PyFunc"),
             .action = PlanAction::kCall,
             .host = call_function});
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
  return internal::outputs_of(
      internal::make_function_op(std::move(function), inputs, dtypes, options, where));
}

}  // namespace tenon
