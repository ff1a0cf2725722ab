// Tensor arrays and stacks: lists of tensors that a run keeps, which graphs that TensorFlow 1 wrote
// fill and read in loops. A handle is the number of such a list; a flow has no value, but says what
// comes before what.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/ops/tensor_arrays.h"
#include "core/ops/tensor_rows.h"

namespace tenon::internal {
namespace {

Shapes handle_and_flow(const ShapeContext&) { return {Shape(), Shape()}; }
Shapes one_scalar(const ShapeContext&) { return {Shape()}; }
Shapes no_shapes(const ShapeContext&) { return {}; }
Shapes joined_shape(const ShapeContext& context) {
  const Shape rest = context.attrs.get<Shape>("element_shape_except0");
  if (!rest.has_rank()) return {Shape::unknown(), Shape{kUnknown}};
  std::vector<int64_t> sizes = {kUnknown};
  sizes.insert(sizes.end(), rest.sizes().begin(), rest.sizes().end());
  return {Shape(sizes), Shape{kUnknown}};
}
Shapes element_shape(const ShapeContext& context) {
  return {context.attrs.get<Shape>("element_shape")};
}
Shapes stacked_shape(const ShapeContext& context) {
  const Shape element = context.attrs.get<Shape>("element_shape");
  if (!element.has_rank()) return {Shape::unknown()};
  const Shape indices = with_rank(context.inputs[1], 1, "indices");
  std::vector<int64_t> sizes = {indices[0]};
  sizes.insert(sizes.end(), element.sizes().begin(), element.sizes().end());
  return {Shape(sizes)};
}

void check_fits(int64_t size) {
  constexpr int64_t kMost = int64_t{1} << 28;  // which take some 40 GB before any has a value
  require<ResourceExhaustedError>(
      size <= kMost, ErrorKind::resource_exhausted, "Out of memory: ", size,
      " elements of a tensor array are more than the ", kMost, " that it may have");
}

std::vector<Tensor> make_array(HostCall& call) {
  const int64_t size = call.integer(0);
  require(size >= 0, ErrorKind::bad_argument,
          "The size of a tensor array must be non-negative, not ", size);
  check_fits(size);
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
    check_fits(index + 1);
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
    return zeros_of(array.dtype, shape);
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
  const Shape all = with_first(static_cast<int64_t>(elements.size()), shape, 0);
  return {joined(call, elements, from.dtype, all)};
}

std::vector<Tensor> scatter(HostCall& call) {
  TensorArray& to = array_of(call);
  const std::vector<int64_t> indices = call.integers(1);
  const Tensor value = call.input(2);
  require_numbers(value.dtype());
  require(value.shape().rank() > 0 && value.shape()[0] == static_cast<int64_t>(indices.size()),
          ErrorKind::shape_incompatible, "Expected ", indices.size(), " rows, but value has shape ",
          value.shape());
  const Shape element = with_first(0, value.shape(), 1);
  const Shape shape(std::vector<int64_t>(element.sizes().begin() + 1, element.sizes().end()));
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
    require(shape.rank() > 0 && with_first(0, shape, 1) == with_first(0, elements[0].shape(), 1),
            ErrorKind::shape_incompatible,
            "TensorArray has inconsistent shapes: ", elements[0].shape(), " and ", shape);
    lengths.push_back(shape[0]);
    total += shape[0];
  }
  Shape element = call.attr<Shape>("element_shape_except0");
  if (element.has_rank()) element = with_first(0, element, 0);
  if (!element.fully_defined()) element = from.element_shape;
  if (!elements.empty()) element = elements[0].shape();
  require(element.has_rank() && element.rank() > 0 && with_first(0, element, 1).fully_defined(),
          ErrorKind::no_shape,
          "TensorArray has size zero, but its element shape isn't known: ", element);
  const auto count = static_cast<int64_t>(lengths.size());
  return {joined(call, elements, from.dtype, with_first(total, element, 1)),
          Tensor::from<int64_t>(lengths, {count})};
}

std::vector<Tensor> split_rows(HostCall& call) {
  TensorArray& to = array_of(call);
  const Tensor value = call.input(1);
  require_numbers(value.dtype());
  const std::vector<int64_t> lengths = call.integers(2);
  require(value.shape().rank() > 0, ErrorKind::shape_incompatible,
          "A scalar can't be split into a tensor array");
  int64_t begin = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    require(lengths[i] >= 0 && lengths[i] <= value.shape()[0] - begin,
            ErrorKind::shape_incompatible, "The lengths of parts don't fit value's shape ",
            value.shape());
    const int64_t end = begin + lengths[i];
    put(call, to, static_cast<int64_t>(i),
        rows_of(value, begin, end, with_first(lengths[i], value.shape(), 1)));
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
  if (element.has_rank()) {
    element = Shape(std::vector<int64_t>(element.sizes().begin() + 1, element.sizes().end()));
  }
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

struct ArrayOp {
  const char* name;
  std::vector<std::string> inputs, outputs;
  ShapeFunction shape;
  AttrMap defaults;
  HostFunction run;
  GradientFunction gradient = nullptr;  // null: none flows through it
};

void add_array_op(OpRegistry& ops, ArrayOp op) {
  ops.add({.name = op.name,
           .inputs = std::move(op.inputs),
           .outputs = std::move(op.outputs),
           .defaults = std::move(op.defaults),
           .shape = op.shape,
           .gradient = op.gradient,
           .differentiable = op.gradient != nullptr,
           .stateful = true,
           .action = PlanAction::kHost,
           .host = op.run});
}

}  // namespace

void register_flow_tensor_array(OpRegistry& ops) {
  const std::string handle = "handle: int64", flow = "flow_in: float32", out = "flow_out: float32";
  const AttrMap any_element = {{"element_shape", Shape::unknown()}};
  const AttrMap of_array = {{"dtype", float32},
                            {"element_shape", Shape::unknown()},
                            {"dynamic_size", false},
                            {"clear_after_read", true},
                            {"identical_element_shapes", false},
                            {"tensor_array_name", std::string()}};
  add_array_op(ops, {"TensorArrayV3",
                     {"size: int32"},
                     {handle, "flow: float32"},
                     handle_and_flow,
                     of_array,
                     make_array});
  add_array_op(ops, {"TensorArrayGradV3",
                     {handle, flow},
                     {"grad_handle: int64", out},
                     handle_and_flow,
                     {{"source", std::string()}},
                     make_gradient});
  add_array_op(ops, {"TensorArrayWriteV3",
                     {handle, "index: int32", "value: T", flow},
                     {out},
                     one_scalar,
                     {},
                     write,
                     write_gradient});
  add_array_op(ops, {"TensorArrayReadV3",
                     {handle, "index: int32", flow},
                     {"value: dtype"},
                     element_shape,
                     any_element,
                     read,
                     read_gradient});
  add_array_op(ops, {"TensorArrayGatherV3",
                     {handle, "indices: int32", flow},
                     {"value: dtype"},
                     stacked_shape,
                     any_element,
                     gather_elements,
                     gather_gradient});
  add_array_op(ops, {"TensorArrayScatterV3",
                     {handle, "indices: int32", "value: T", flow},
                     {out},
                     one_scalar,
                     {},
                     scatter,
                     scatter_gradient});
  add_array_op(ops, {"TensorArrayConcatV3",
                     {handle, flow},
                     {"value: dtype", "lengths: int64"},
                     joined_shape,
                     {{"element_shape_except0", Shape::unknown()}},
                     concat_elements,
                     concat_gradient});
  add_array_op(ops, {"TensorArraySplitV3",
                     {handle, "value: T", "lengths: int64", flow},
                     {out},
                     one_scalar,
                     {},
                     split_rows,
                     split_gradient});
  add_array_op(
      ops, {"TensorArraySizeV3", {handle, flow}, {"size: int32"}, one_scalar, {}, size_of_array});
  add_array_op(ops, {"TensorArrayCloseV3", {handle}, {}, no_shapes, {}, close_array});
}

}  // namespace tenon::internal
