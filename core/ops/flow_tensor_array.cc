// Tensor arrays: lists of tensors that a run keeps, which graphs that TensorFlow 1 wrote fill and
// read in loops. A handle is the number of such a list; a flow has no value, but says what comes
// before what.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/graph/size_rules.h"
#include "core/ops/host_op.h"
#include "core/ops/tensor_arrays.h"
#include "core/ops/tensor_rows.h"

namespace tenon::internal {
namespace {

Shapes handle_and_flow(const ShapeContext&) { return {Shape(), Shape()}; }
Shapes joined_shape(const ShapeContext& context) {
  const Shape rest = context.attrs.get<Shape>("element_shape_except0");
  return {concatenated(Shape{kUnknown}, rest), Shape{kUnknown}};
}
Shapes element_shape(const ShapeContext& context) {
  return {context.attrs.get<Shape>("element_shape")};
}
Shapes stacked_shape(const ShapeContext& context) {
  const Shape element = context.attrs.get<Shape>("element_shape");
  if (!element.has_rank()) return {Shape::unknown()};
  return {concatenated(with_rank(context.inputs[1], 1, "indices"), element)};
}

std::vector<Tensor> make_array(HostCall& call) {
  const int64_t size = call.integer(0);
  require(size >= 0, ErrorKind::bad_argument,
          "The size of a tensor array must be non-negative, not ", size);
  check_fits(size, "a tensor array");
  const auto count = static_cast<size_t>(size);
  const AttrMap& attrs = call.node().attrs;
  const int64_t handle =
      call.of_run<TensorArrays>().add({.dtype = attrs.get<DType>("dtype"),
                                       .element_shape = attrs.get<Shape>("element_shape"),
                                       .grows = attrs.get<bool>("dynamic_size"),
                                       .forgets = attrs.get<bool>("clear_after_read"),
                                       .elements = std::vector<Tensor>(count),
                                       .shapes = std::vector<Shape>(count, Shape::unknown())});
  return {Tensor(handle), Tensor(0.0F)};
}

// The array of what is the gradient of each element: one a source.
std::vector<Tensor> make_gradient(HostCall& call) {
  TensorArray& of = array_of(call);
  const auto [at, is_new] = of.gradients.emplace(call.attr<std::string>("source"), 0);
  if (is_new) {
    at->second = call.of_run<TensorArrays>().add({.dtype = of.dtype,
                                                  .element_shape = of.element_shape,
                                                  .adds_up = true,
                                                  .elements = std::vector<Tensor>(of.shapes.size()),
                                                  .shapes = of.shapes});
  }
  return {Tensor(at->second), Tensor(0.0F)};
}

void put(const HostCall& call, TensorArray& array, int64_t index, Tensor value) {
  const auto at = static_cast<size_t>(index);
  const bool grows = index >= 0 && array.grows && at >= array.elements.size();
  require(value.dtype() == array.dtype, ErrorKind::dtype_incompatible, "The tensor array has ",
          array.dtype, ", not ", value.dtype());
  require(grows || (index >= 0 && at < array.elements.size()), ErrorKind::bad_argument,
          "Tried to write to index ", index, " but array size is: ", array.elements.size());
  if (grows) {
    check_fits(index + 1, "a tensor array");
    array.elements.resize(at + 1);
    array.shapes.resize(at + 1, Shape::unknown());
  }
  Tensor& element = array.elements[at];
  if (!element || !array.adds_up) {
    require(!element, ErrorKind::bad_argument, "Could not write to TensorArray index ", index,
            " because it has already been written to");
    array.shapes[at] = value.shape();
    element = std::move(value);
    return;
  }
  require(value.shape() == element.shape(), ErrorKind::shape_incompatible, "Gradients of index ",
          index, " have shapes ", element.shape(), " and ", value.shape());
  Tensor sum = call.on_host(element).clone();
  add_to(sum, call.on_host(value));
  element = std::move(sum);
}

Tensor take(TensorArray& array, int64_t index) {
  const auto at = static_cast<size_t>(index);
  require(index >= 0 && at < array.elements.size(), ErrorKind::bad_argument,
          "Tried to read from index ", index, " but array size is: ", array.elements.size());
  Tensor value = array.elements[at];
  if (!value) {
    const Shape& shape = array.shapes[at].has_rank() ? array.shapes[at] : array.element_shape;
    require(shape.fully_defined() && (array.adds_up || !array.shapes[at].has_rank()),
            ErrorKind::bad_argument, "Could not read index ", index,
            " of the tensor array: it wasn't written, or it was read before and forgotten");
    require_numbers(array.dtype);
    return Tensor::zeros(shape, array.dtype);
  }
  if (array.forgets) array.elements[at] = Tensor();
  return value;
}

std::vector<Tensor> write(HostCall& call) {
  put(call, array_of(call), call.integer(1), call.kept_input(2));
  return {Tensor(0.0F)};
}

std::vector<Tensor> read(HostCall& call) { return {take(array_of(call), call.integer(1))}; }

std::vector<Tensor> gather_elements(HostCall& call) {
  TensorArray& from = array_of(call);
  std::vector<Tensor> elements;
  for (const int64_t index : call.integers(1)) elements.push_back(take(from, index));
  const Shape shape = elements.empty() ? from.element_shape : elements[0].shape();
  require(shape.fully_defined(), ErrorKind::no_shape,
          "TensorArray has size zero, but its element shape isn't known: ", shape);
  for (const Tensor& element : elements) {
    require(element.shape() == shape, ErrorKind::shape_incompatible,
            "TensorArray has inconsistent shapes: ", shape, " and ", element.shape());
  }
  const Shape count = {static_cast<int64_t>(elements.size())};
  return {joined(call, elements, from.dtype, concatenated(count, shape))};
}

std::vector<Tensor> scatter(HostCall& call) {
  TensorArray& to = array_of(call);
  const std::vector<int64_t> indices = call.integers(1);
  const Tensor value = call.input(2);
  require_numbers(value.dtype());
  require(value.shape().rank() > 0 && value.shape()[0] == static_cast<int64_t>(indices.size()),
          ErrorKind::shape_incompatible, "Expected ", indices.size(), " rows, but value has shape ",
          value.shape());
  const Shape shape = without_axis(value.shape(), 0);
  for (size_t i = 0; i < indices.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    put(call, to, indices[i], rows_of(value, row, row + 1, shape));
  }
  return {Tensor(0.0F)};
}

std::vector<Tensor> concat_elements(HostCall& call) {
  TensorArray& from = array_of(call);
  std::vector<Tensor> elements;
  std::vector<int64_t> lengths;
  int64_t total = 0;
  for (size_t i = 0; i < from.elements.size(); ++i) {
    elements.push_back(take(from, static_cast<int64_t>(i)));
    const Shape& shape = elements[i].shape();
    require(shape.rank() > 0 && without_axis(shape, 0) == without_axis(elements[0].shape(), 0),
            ErrorKind::shape_incompatible,
            "TensorArray has inconsistent shapes: ", elements[0].shape(), " and ", shape);
    lengths.push_back(shape[0]);
    total = add_sizes(total, shape[0]);
  }
  Shape rest = call.attr<Shape>("element_shape_except0");
  const Shape& element = elements.empty() ? from.element_shape : elements[0].shape();
  if (!elements.empty() || !rest.fully_defined()) {
    rest = element.has_rank() && element.rank() > 0 ? without_axis(element, 0) : Shape::unknown();
  }
  require(rest.fully_defined(), ErrorKind::no_shape,
          "TensorArray has size zero, but its element shape isn't known: ", element);
  const auto count = static_cast<int64_t>(lengths.size());
  return {joined(call, elements, from.dtype, concatenated(Shape{total}, rest)),
          Tensor::from<int64_t>(lengths, {count})};
}

std::vector<Tensor> split_rows(HostCall& call) {
  TensorArray& to = array_of(call);
  const Tensor value = call.input(1);
  require_numbers(value.dtype());
  const std::vector<int64_t> lengths = call.integers(2);
  require(value.shape().rank() > 0, ErrorKind::shape_incompatible,
          "A scalar can't be split into a tensor array");
  Shape part = value.shape();
  int64_t begin = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    require(lengths[i] >= 0 && lengths[i] <= value.shape()[0] - begin,
            ErrorKind::shape_incompatible, "The lengths of parts don't fit value's shape ",
            value.shape());
    const int64_t end = begin + lengths[i];
    part[0] = lengths[i];
    put(call, to, static_cast<int64_t>(i), rows_of(value, begin, end, part));
    begin = end;
  }
  return {Tensor(0.0F)};
}

std::vector<Tensor> size_of_array(HostCall& call) {
  return {Tensor(static_cast<int32_t>(array_of(call).elements.size()))};
}

std::vector<Tensor> close_array(HostCall& call) {
  array_of(call).elements.clear();
  return {};
}

// What is written to an array has its gradient read from the array of gradients, and the other way
// round; the gradient of a flow says what of that array is there already.
struct ArrayOfGradients {
  Output handle, flow;
};

// One array for each call of gradients(), whose name scope is around what is made now.
ArrayOfGradients gradients_of(const Output& handle, const Output& flow) {
  const std::string scope = default_graph_state()->contexts().name_scope;
  const size_t begin = std::min(scope.find("gradients"), scope.size());
  const std::string source = scope.substr(begin, scope.find('/', begin) - begin);
  const Operation op =
      add_operation("TensorArrayGradV3", {handle, flow}, {.attrs = {{"source", source}}});
  const ScopeGuard after = control_dependencies({op});
  return {op.output(0), add_output("Identity", {flow})};
}

Outputs read_gradient(const Operation& op, const Outputs& dy) {
  const ArrayOfGradients to = gradients_of(op.input(0), op.input(2));
  return {Output(), Output(),
          add_output("TensorArrayWriteV3", {to.handle, op.input(1), dy[0], to.flow})};
}
Outputs write_gradient(const Operation& op, const Outputs& dy) {
  const ArrayOfGradients from = gradients_of(op.input(0), dy[0]);
  const Output value = op.input(2);
  return {Output(), Output(),
          add_output("TensorArrayReadV3", {from.handle, op.input(1), from.flow},
                     {.attrs = {{"dtype", value.dtype()}, {"element_shape", value.shape()}}}),
          dy[0]};
}
Outputs gather_gradient(const Operation& op, const Outputs& dy) {
  const ArrayOfGradients to = gradients_of(op.input(0), op.input(2));
  return {Output(), Output(),
          add_output("TensorArrayScatterV3", {to.handle, op.input(1), dy[0], to.flow})};
}
Outputs scatter_gradient(const Operation& op, const Outputs& dy) {
  const ArrayOfGradients from = gradients_of(op.input(0), dy[0]);
  Shape element = op.input(2).shape();
  if (element.has_rank()) element = without_axis(element, 0);
  return {Output(), Output(),
          add_output("TensorArrayGatherV3", {from.handle, op.input(1), from.flow},
                     {.attrs = {{"dtype", op.input(2).dtype()}, {"element_shape", element}}}),
          dy[0]};
}
Outputs concat_gradient(const Operation& op, const Outputs& dy) {
  const ArrayOfGradients to = gradients_of(op.input(0), op.input(1));
  return {Output(), add_output("TensorArraySplitV3", {to.handle, dy[0], op.output(1), to.flow})};
}
Outputs split_gradient(const Operation& op, const Outputs& dy) {
  const ArrayOfGradients from = gradients_of(op.input(0), dy[0]);
  return {Output(),
          add_output("TensorArrayConcatV3", {from.handle, from.flow},
                     {.attrs = {{"dtype", op.input(1).dtype()}}}),
          Output(), dy[0]};
}

constexpr const char *kHandle = "handle: int64", *kFlow = "flow_in: float32",
                     *kFlowOut = "flow_out: float32";

void register_arrays(OpRegistry& ops) {
  ops.add(stateful_host_op({.name = "TensorArrayV3",
                            .inputs = {"size: int32"},
                            .outputs = {kHandle, "flow: float32"},
                            .defaults = {{"dtype", float32},
                                         {"element_shape", Shape::unknown()},
                                         {"dynamic_size", false},
                                         {"clear_after_read", true},
                                         {"identical_element_shapes", false},
                                         {"tensor_array_name", std::string()}},
                            .shape = handle_and_flow,
                            .host = make_array}));
  ops.add(stateful_host_op({.name = "TensorArrayGradV3",
                            .inputs = {kHandle, kFlow},
                            .outputs = {"grad_handle: int64", kFlowOut},
                            .defaults = {{"source", std::string()}},
                            .shape = handle_and_flow,
                            .host = make_gradient}));
  ops.add(stateful_host_op({.name = "TensorArraySizeV3",
                            .inputs = {kHandle, kFlow},
                            .outputs = {"size: int32"},
                            .shape = scalar_shape,
                            .host = size_of_array}));
  ops.add(stateful_host_op({.name = "TensorArrayCloseV3",
                            .inputs = {kHandle},
                            .shape = no_outputs,
                            .host = close_array}));
}

void register_reads(OpRegistry& ops) {
  ops.add(stateful_host_op({.name = "TensorArrayReadV3",
                            .inputs = {kHandle, "index: int32", kFlow},
                            .outputs = {"value: dtype"},
                            .defaults = {{"element_shape", Shape::unknown()}},
                            .shape = element_shape,
                            .gradient = read_gradient,
                            .host = read}));
  ops.add(stateful_host_op({.name = "TensorArrayGatherV3",
                            .inputs = {kHandle, "indices: int32", kFlow},
                            .outputs = {"value: dtype"},
                            .defaults = {{"element_shape", Shape::unknown()}},
                            .shape = stacked_shape,
                            .gradient = gather_gradient,
                            .host = gather_elements}));
  ops.add(stateful_host_op({.name = "TensorArrayConcatV3",
                            .inputs = {kHandle, kFlow},
                            .outputs = {"value: dtype", "lengths: int64"},
                            .defaults = {{"element_shape_except0", Shape::unknown()}},
                            .shape = joined_shape,
                            .gradient = concat_gradient,
                            .host = concat_elements}));
}

void register_writes(OpRegistry& ops) {
  ops.add(stateful_host_op({.name = "TensorArrayWriteV3",
                            .inputs = {kHandle, "index: int32", "value: T", kFlow},
                            .outputs = {kFlowOut},
                            .shape = scalar_shape,
                            .gradient = write_gradient,
                            .host = write}));
  ops.add(stateful_host_op({.name = "TensorArrayScatterV3",
                            .inputs = {kHandle, "indices: int32", "value: T", kFlow},
                            .outputs = {kFlowOut},
                            .shape = scalar_shape,
                            .gradient = scatter_gradient,
                            .host = scatter}));
  ops.add(stateful_host_op({.name = "TensorArraySplitV3",
                            .inputs = {kHandle, "value: T", "lengths: int64", kFlow},
                            .outputs = {kFlowOut},
                            .shape = scalar_shape,
                            .gradient = split_gradient,
                            .host = split_rows}));
}

}  // namespace

void register_flow_tensor_array(OpRegistry& ops) {
  register_arrays(ops);
  register_reads(ops);
  register_writes(ops);
}

}  // namespace tenon::internal
