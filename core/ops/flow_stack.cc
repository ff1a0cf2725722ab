// Stacks of tensors that a run keeps: the gradients of loops that TensorFlow 1 wrote fill them in
// one loop and empty them in another.
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/host_call.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/ops/host_op.h"
#include "core/ops/tensor_arrays.h"

namespace tenon::internal {
namespace {

Shapes like_pushed(const ShapeContext& context) { return {context.inputs[1]}; }

std::vector<Tensor> make_stack(HostCall& call) {
  return {Tensor(call.of_run<TensorArrays>().add(
      {.dtype = call.attr<DType>("elem_type"), .is_stack = true, .most = call.integer(0)}))};
}

std::vector<Tensor> push(HostCall& call) {
  Tensor value = call.kept_input(1);
  TensorArray& stack = stack_of(call);
  require(value.dtype() == stack.dtype, ErrorKind::dtype_incompatible, "The stack has ",
          stack.dtype, ", not ", value.dtype());
  require(stack.most < 0 || static_cast<int64_t>(stack.elements.size()) < stack.most,
          ErrorKind::bad_argument, "Stack overflowed its max_size (", stack.most, ")");
  stack.elements.push_back(value);
  return {value};
}

std::vector<Tensor> pop(HostCall& call) {
  std::vector<Tensor>& elements = stack_of(call).elements;
  require(!elements.empty(), ErrorKind::bad_argument, "The stack is empty");
  Tensor value = std::move(elements.back());
  elements.pop_back();
  return {value};
}

std::vector<Tensor> close_stack(HostCall& call) {
  stack_of(call).elements.clear();
  return {};
}

}  // namespace

void register_flow_stack(OpRegistry& ops) {
  ops.add(stateful_host_op({.name = "StackV2",
                            .inputs = {"max_size: int32"},
                            .outputs = {"handle: int64"},
                            .defaults = {{"elem_type", float32}, {"stack_name", std::string()}},
                            .shape = scalar_shape,
                            .host = make_stack}));
  ops.add(stateful_host_op({.name = "StackPushV2",
                            .inputs = {"handle: int64", "elem: T"},
                            .outputs = {"output: T"},
                            .defaults = {{"swap_memory", false}},
                            .shape = like_pushed,
                            .host = push}));
  ops.add(stateful_host_op({.name = "StackPopV2",
                            .inputs = {"handle: int64"},
                            .outputs = {"elem: elem_type"},
                            .shape = unknown_shape,
                            .host = pop}));
  ops.add(stateful_host_op({.name = "StackCloseV2",
                            .inputs = {"handle: int64"},
                            .shape = no_outputs,
                            .host = close_stack}));
}

}  // namespace tenon::internal
