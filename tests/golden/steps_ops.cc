// The step that makes an operation, and those that find one by name.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

Thing made(const OpCall& call, const std::string& op) {
  if (auto unary = unary_ops().find(op); unary != unary_ops().end()) {
    return unary->second(call.input(0), call.options());
  }
  if (auto binary = binary_ops().find(op); binary != binary_ops().end()) {
    return binary->second(call.input(0), call.input(1), call.options());
  }
  for (const OpTable* ops : {&math_ops(), &array_ops(), &nn_ops(), &rate_ops(), &slice_ops(),
                             &statistic_ops(), &flow_ops(), &sparse_ops(), &index_ops()}) {
    if (auto found = ops->find(op); found != ops->end()) return found->second(call);
  }
  throw Mistake{"unknown_step", "KeyError", "there is no operation " + op};
}

Result op(Program& program, const Json& step) {
  return described(made(OpCall(program, step), step.at("op").get<std::string>()));
}

Result tensor_by_name(Program& program, const Json& step) {
  return described(program.graph.tensor(text(step, "name")));
}

Result operation_by_name(Program& program, const Json& step) {
  return described(program.graph.operation(text(step, "name")));
}

Result set_random_seed(Program&, const Json& step) {
  tenon::set_random_seed(integer_from(step.at("seed")));
  return {None{}, Json::object()};
}

}  // namespace

const StepTable& op_steps() {
  static const StepTable steps = {
      {"op", op},
      {"tensor_by_name", tensor_by_name},
      {"operation_by_name", operation_by_name},
      {"set_random_seed", set_random_seed},
  };
  return steps;
}

}  // namespace replay
