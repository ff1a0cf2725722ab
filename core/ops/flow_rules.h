// What conditionals and loops share while they are built.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/graph/body.h"
#include "core/graph/builder.h"
#include "core/graph/endpoint.h"
#include "core/graph/graph_state.h"
#include "core/graph/handles.h"
#include "tenon/array_ops.h"
#include "tenon/control_flow.h"
#include "tenon/math_ops.h"

namespace tenon::internal {

// What the function of a body answered, as tensors of that body. In place of an operation stands
// `pivot`, which waits for it.
inline std::vector<Output> tensors_of(const Returned& returned, const std::string& whose,
                                      bool pivot = true) {
  require<ValueError>(!returned.items().empty(), ErrorKind::bad_argument, whose,
                      " must have a return value");
  std::vector<Output> tensors;
  for (const Returned::Item& item : returned.items()) {
    if (item.op) {
      const ScopeGuard after = control_dependencies({item.op});
      tensors.push_back(make_constant(Tensor(pivot), "pivot"));
      tensors.back() = identity(tensors.back());
      continue;
    }
    require<ValueError>(item.value->is_output() || item.value->value(), ErrorKind::bad_argument,
                        whose, " must not return None");
    tensors.push_back(as_output(*item.value));
  }
  return tensors;
}

// Those tensors as what a body hands out.
inline std::vector<Endpoint> results_of(GraphState& graph, const std::vector<Output>& tensors) {
  std::vector<Endpoint> results;
  Body* const here = graph.contexts().body;
  for (const Output& tensor : tensors) {
    results.push_back(visible_from(graph, here, endpoint_of(tensor)));
  }
  return results;
}

// In place of a shape rule: these operations are made with their bodies, by GraphState::add_flow.
inline Shapes made_with_bodies_alone(const ShapeContext&) {
  fail<ValueError>(ErrorKind::bad_argument, "It can't be made without its bodies");
}

// A scalar boolean, which decides what runs.
inline void check_predicate(const Output& predicate) {
  require<TypeError>(predicate.dtype() == DType::bool_, ErrorKind::dtype_incompatible,
                     "The predicate '", predicate.name(), "' must be a boolean, not ",
                     predicate.dtype());
  require<ValueError>(predicate.shape().compatible_with(Shape()), ErrorKind::shape_incompatible,
                      "The predicate '", predicate.name(), "' must be a scalar, but has shape ",
                      predicate.shape());
}

// Whether it has a gradient of its own kind: a number, or a list of them.
inline bool is_differentiable(const Endpoint& endpoint) {
  return is_floating(dtype_at(endpoint)) || is_tensor_list(endpoint);
}

// Whether gradients flow into what an operation takes: these, or a variable's handle.
inline bool takes_gradient(const Endpoint& endpoint) {
  const bool is_handle = endpoint.node->def->is_variable;
  return is_differentiable(endpoint) || (is_handle && dtype_at(endpoint) == DType::resource);
}

// A sum of gradients of one tensor.
inline Output sum_of_gradients(const Output& of, const std::vector<Output>& parts) {
  if (is_tensor_list(endpoint_of(of)))
    return add_output("_TensorListSum", {parts}, {.name = "AddN"});
  return add_n(parts);
}

// The zeros that are the gradient of what has none: of a variable's handle those of its value, of a
// list those of its elements.
inline Output no_gradient_of(const Output& value) {
  if (is_tensor_list(endpoint_of(value)))
    return add_output("_TensorListZeros", {value}, {.name = "zeros_like"});
  const Node& node = *value.op().node();
  const Shape& shape = node.output_shapes[static_cast<size_t>(value.index())];
  const DType dtype = node.def->is_variable ? node.attrs.get<DType>("dtype") : value.dtype();
  if (shape.fully_defined()) return zeros(shape, dtype);
  if (value.dtype() != DType::resource) return zeros_like(value);
  return zeros_like(add_output("ReadVariableOp", {value}, {.attrs = {{"dtype", dtype}}}));
}

// A loop's parameter, in the body that operations are made in.
inline Output make_parameter(DType dtype, const Shape& shape) {
  return add_output("_Parameter", {}, {.attrs = {{"dtype", dtype}, {"shape", shape}}});
}

}  // namespace tenon::internal
