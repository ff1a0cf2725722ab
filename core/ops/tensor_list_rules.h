// What the operations on tensor lists share.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/host_op.h"
#include "core/ops/tensor_lists.h"
#include "core/ops/tensor_rows.h"

namespace tenon::internal {

inline TensorLists& lists_of(HostCall& call) { return call.of_run<TensorLists>(); }

// A shape that is an input: a scalar, which is -1, where not even the rank is known.
inline Shape shape_in(const HostCall& call, size_t input) {
  const std::vector<int64_t> sizes = call.integers(input);
  const bool is_scalar = call.input(input).shape().rank() == 0;
  for (const int64_t size : sizes) {
    require(is_scalar ? size == -1 : size >= -1, ErrorKind::bad_argument,
            "The element_shape of a list must be -1 or a vector of sizes, but it has ", size);
  }
  return is_scalar ? Shape::unknown() : Shape(sizes);
}

inline Shape merged_element(const Shape& a, const Shape& b) {
  require(a.compatible_with(b), ErrorKind::shape_incompatible, "Incompatible shapes: ", a, " vs. ",
          b);
  return a.merged_with(b);
}

inline void require_dtype(const ListTraits& traits, DType dtype) {
  require(traits.dtype == dtype, ErrorKind::dtype_incompatible, "Invalid data types; op elements ",
          dtype, " but list elements ", traits.dtype);
}

inline void require_size(int64_t size) {
  require(size >= 0, ErrorKind::bad_argument,
          "The num_elements to reserve must be a non negative number, but got ", size);
  check_fits(size, "a tensor list");
}

// What an element that wasn't set counts as: zeros of the shape that is known, or that others have.
inline Tensor unset_element(const ListTraits& traits, const TensorLists::Elements& elements,
                            Shape shape) {
  for (size_t i = 0; i < elements.size() && !shape.fully_defined(); ++i) {
    if (elements[i]) shape = merged_element(shape, elements[i].shape());
  }
  require(shape.fully_defined(), ErrorKind::no_shape,
          "Trying to read an uninitialized tensor but element_shape is not fully defined: ", shape,
          " and no list element is set.");
  require_numbers(traits.dtype);
  return Tensor::zeros(shape, traits.dtype);
}

// An element, which must have the shape that is known.
inline Tensor element_of(const ListTraits& traits, const TensorLists::Elements& elements,
                         size_t index, const Shape& shape) {
  const Tensor& element = elements[index];
  if (!element) return unset_element(traits, elements, shape);
  require(shape.compatible_with(element.shape()), ErrorKind::shape_incompatible,
          "Incompatible shapes: ", shape, " vs. ", element.shape());
  return element;
}

// A list that is read with the dtype that an attribute says; its elements until a list is added,
// changed or asked for.
struct ReadList {
  const int64_t handle;
  const ListTraits& traits;
  const TensorLists::Elements& elements;
  const Shape shape;  // of an element, as far as the list and an input say
};
inline ReadList read_list(HostCall& call, size_t shape_input) {
  TensorLists& lists = lists_of(call);
  const int64_t handle = call.integer(0);
  const ListTraits& traits = lists.traits(handle);
  require_dtype(traits, call.attr<DType>("element_dtype"));
  return {handle, traits, lists.elements(handle),
          merged_element(traits.element_shape, shape_in(call, shape_input))};
}

// As shape_in, as far as the graph knows.
inline Shape known_shape(const ShapeContext& context, int input) {
  const Shape& of_input = context.inputs[static_cast<size_t>(input)];
  if (!of_input.has_rank() || of_input.rank() == 0) return Shape::unknown();
  return context.value_as_shape(input);
}

// For gradients. The gradient of a list is a list of its elements' gradients.
inline Output shape_of_item(const Output& item) {
  return as_output(shape_argument(item, int32).as_input(), "element_shape", int32);
}
inline Output length_of(const Output& list) { return add_output("TensorListLength", {list}); }

struct ListOp {
  const char* name;
  std::vector<std::string> inputs, outputs;
  ShapeFunction shape;
  HostFunction run;
  GradientFunction gradient = nullptr;
  AttrMap defaults = {};
};
inline void add_list_ops(OpRegistry& ops, const std::vector<ListOp>& all) {
  for (const ListOp& op : all) {
    ops.add(stateful_host_op({.name = op.name,
                              .inputs = op.inputs,
                              .outputs = op.outputs,
                              .defaults = op.defaults,
                              .shape = op.shape,
                              .gradient = op.gradient,
                              .host = op.run}));
  }
}

}  // namespace tenon::internal
