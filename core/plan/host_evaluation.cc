// Running one operation on the host while a plan is made.
#include <cstring>

#include "core/plan/elementwise_ops.h"
#include "core/plan/plan_graph.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

std::vector<Tensor> evaluate_on_host(const Node& node, const std::vector<Tensor>& inputs,
                                     const std::vector<Shape>& output_shapes, Device& host) {
  KernelRequest request{.op = node.type(), .attrs = &node.attrs};
  for (const Tensor& input : inputs) request.inputs.push_back({input.dtype(), input.shape()});
  for (size_t i = 0; i < output_shapes.size(); ++i) {
    request.outputs.push_back({node.output_dtypes[i], output_shapes[i]});
  }
  request.values = inputs;
  request.device = &host;
  ElementwiseProgram program;
  if (has_program(node)) {
    program = lower(node);
    request.op = kElementwiseOp;
    request.program = &program;
  }
  const Kernel kernel = host.prepare(request, node.main_dtype());
  std::vector<Tensor> outputs;
  std::vector<const void*> input_data;
  std::vector<void*> output_data;
  for (const Tensor& input : inputs) input_data.push_back(input.raw());
  for (const TensorSpec& output : request.outputs) {
    outputs.push_back(uninitialized_tensor(output.dtype, output.shape));
    output_data.push_back(outputs.back().raw());
  }
  const std::unique_ptr<Queue> queue = host.make_queue();
  const Tensor workspace(DType::uint8, {static_cast<int64_t>(kernel.workspace_bytes)});
  kernel.launch({.inputs = input_data.data(),
                 .outputs = output_data.data(),
                 .workspace = workspace.raw(),
                 .queue = queue.get()});
  host.wait(*queue);
  return outputs;
}

}  // namespace tenon::internal
