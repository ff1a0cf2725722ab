// Tensor lists, which TensorFlow 2's loops fill and read: TensorFlow's variants, which are handles
// of a run's lists here. As they are integers, no gradient flows through them.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/graph/size_rules.h"
#include "core/ops/host_op.h"
#include "core/ops/tensor_lists.h"
#include "core/ops/tensor_rows.h"

namespace tenon::internal {
namespace {

using Elements = TensorLists::Elements;

TensorLists& lists_of(HostCall& call) { return call.of_run<TensorLists>(); }

// A shape that is an input: a scalar, which is -1, where not even the rank is known.
Shape shape_in(const HostCall& call, size_t input) {
  const std::vector<int64_t> sizes = call.integers(input);
  const bool is_scalar = call.input(input).shape().rank() == 0;
  for (const int64_t size : sizes) {
    require(is_scalar ? size == -1 : size >= -1, ErrorKind::bad_argument,
            "The element_shape of a list must be -1 or a vector of sizes, but it has ", size);
  }
  return is_scalar ? Shape::unknown() : Shape(sizes);
}

Shape merged_element(const Shape& a, const Shape& b) {
  require(a.compatible_with(b), ErrorKind::shape_incompatible, "Incompatible shapes: ", a, " vs. ",
          b);
  return a.merged_with(b);
}

void require_dtype(const ListTraits& traits, DType dtype) {
  require(traits.dtype == dtype, ErrorKind::dtype_incompatible, "Invalid data types; op elements ",
          dtype, " but list elements ", traits.dtype);
}

void require_size(int64_t size) {
  require(size >= 0, ErrorKind::bad_argument,
          "The num_elements to reserve must be a non negative number, but got ", size);
  check_fits(size, "a tensor list");
}

std::vector<Tensor> reserve_list(HostCall& call) {
  const int64_t size = call.integer(1);
  require_size(size);
  const ListTraits traits{call.attr<DType>("element_dtype"), shape_in(call, 0)};
  return {Tensor(lists_of(call).add(traits, Elements(static_cast<size_t>(size))))};
}

std::vector<Tensor> make_empty_list(HostCall& call) {
  const ListTraits traits{call.attr<DType>("element_dtype"), shape_in(call, 0), call.integer(1)};
  return {Tensor(lists_of(call).add(traits, {}))};
}

std::vector<Tensor> push_element(HostCall& call) {
  TensorLists& lists = lists_of(call);
  const int64_t handle = call.integer(0);
  const ListTraits& traits = lists.traits(handle);
  Tensor value = call.kept_input(1);
  require_dtype(traits, value.dtype());
  require(traits.element_shape.compatible_with(value.shape()), ErrorKind::shape_incompatible,
          "Tried to append a tensor with incompatible shape to a list. Op element shape: ",
          value.shape(), " list shape: ", traits.element_shape);
  const size_t size = lists.elements(handle).size();
  require(traits.most < 0 || static_cast<int64_t>(size) < traits.most, ErrorKind::bad_argument,
          "Tried to push item into a full list. List size: ", size,
          ", max_num_elements: ", traits.most);
  return {Tensor(lists.with_added(handle, std::move(value)))};
}

// What an element that wasn't set counts as: zeros of the shape that is known, or that others have.
Tensor unset_element(const ListTraits& traits, const Elements& elements, Shape shape) {
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
Tensor element_of(const ListTraits& traits, const Elements& elements, size_t index,
                  const Shape& shape) {
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
  const Elements& elements;
  const Shape shape;  // of an element, as far as the list and an input say
};
ReadList read_list(HostCall& call, size_t shape_input) {
  TensorLists& lists = lists_of(call);
  const int64_t handle = call.integer(0);
  const ListTraits& traits = lists.traits(handle);
  require_dtype(traits, call.attr<DType>("element_dtype"));
  return {handle, traits, lists.elements(handle),
          merged_element(traits.element_shape, shape_in(call, shape_input))};
}

std::vector<Tensor> pop_element(HostCall& call) {
  const ReadList list = read_list(call, 1);
  require(!list.elements.empty(), ErrorKind::bad_argument, "Trying to pop from an empty list.");
  Tensor last = element_of(list.traits, list.elements, list.elements.size() - 1, list.shape);
  return {Tensor(lists_of(call).without_last(list.handle)), std::move(last)};
}

size_t index_in(HostCall& call, size_t size, const char* what) {
  const int64_t index = call.integer(1);
  require(index >= 0 && index < static_cast<int64_t>(size), ErrorKind::index_out_of_range,
          "Trying to ", what, " element ", index, " in a list with ", size, " elements.");
  return static_cast<size_t>(index);
}

std::vector<Tensor> get_element(HostCall& call) {
  const ReadList list = read_list(call, 2);
  const size_t index = index_in(call, list.elements.size(), "access");
  return {element_of(list.traits, list.elements, index, list.shape)};
}

// The list with that many elements; a copy, as its size is no step from that of before.
int64_t resized(TensorLists& lists, int64_t handle, int64_t size) {
  require_size(size);
  Elements elements = lists.elements(handle);
  elements.resize(static_cast<size_t>(size));
  return lists.add(lists.traits(handle), std::move(elements));
}

std::vector<Tensor> set_element(HostCall& call) {
  TensorLists& lists = lists_of(call);
  int64_t handle = call.integer(0);
  const auto size = static_cast<int64_t>(lists.elements(handle).size());
  if (call.attr<bool>("resize_if_index_out_of_bounds") && call.integer(1) >= size) {
    handle = resized(lists, handle, call.integer(1) + 1);
  }
  const ListTraits& traits = lists.traits(handle);
  Tensor value = call.kept_input(2);
  require_dtype(traits, value.dtype());
  const size_t index = index_in(call, lists.elements(handle).size(), "modify");
  require(traits.element_shape.compatible_with(value.shape()), ErrorKind::shape_incompatible,
          "Tried to set a tensor with incompatible shape at a list index. Item element shape: ",
          value.shape(), " list shape: ", traits.element_shape);
  return {Tensor(lists.with_set(handle, index, std::move(value)))};
}

// Elements by their numbers, one after the other along a new axis.
Tensor stacked(const HostCall& call, const ReadList& list, const std::vector<int64_t>& indices) {
  const Elements& elements = list.elements;
  Shape shape = list.shape;
  for (const int64_t index : indices) {
    require(index >= 0 && index < static_cast<int64_t>(elements.size()),
            ErrorKind::index_out_of_range, "Trying to gather element ", index, " in a list with ",
            elements.size(), " elements.");
    const Tensor& element = elements[static_cast<size_t>(index)];
    if (element) shape = merged_element(shape, element.shape());
  }
  require(shape.fully_defined(), ErrorKind::no_shape,
          "Tried to stack elements of a list with non-fully-defined element_shape: ", shape);
  Elements rows;
  for (const int64_t index : indices) {
    rows.push_back(element_of(list.traits, elements, static_cast<size_t>(index), shape));
  }
  return joined(call, rows, list.traits.dtype,
                with_inserted(shape, 0, static_cast<int64_t>(indices.size())));
}

std::vector<Tensor> stack_list(HostCall& call) {
  const ReadList list = read_list(call, 1);
  const auto size = static_cast<int64_t>(list.elements.size());
  const auto wanted = call.attr<int64_t>("num_elements");
  require(wanted == -1 || wanted == size, ErrorKind::shape_incompatible,
          "Operation expected a list with ", wanted, " elements but got a list with ", size,
          " elements.");
  std::vector<int64_t> all(list.elements.size());
  std::iota(all.begin(), all.end(), 0);
  return {stacked(call, list, all)};
}

std::vector<Tensor> gather_list(HostCall& call) {
  return {stacked(call, read_list(call, 2), call.integers(1))};
}

// What a tensor is along its first axis.
Elements rows_in(const Tensor& tensor) {
  require_numbers(tensor.dtype());
  require(tensor.shape().rank() > 0, ErrorKind::shape_incompatible,
          "Tensor must be at least a vector, but saw shape: ", tensor.shape());
  const Shape shape = without_axis(tensor.shape(), 0);
  Elements rows;
  for (int64_t i = 0; i < tensor.shape()[0]; ++i) rows.push_back(rows_of(tensor, i, i + 1, shape));
  return rows;
}

ListTraits traits_for_rows(const Tensor& tensor, const Shape& element_shape) {
  require(
      tensor.shape().rank() > 0 && element_shape.compatible_with(without_axis(tensor.shape(), 0)),
      ErrorKind::shape_incompatible, "Specified a list with shape ", element_shape,
      " from a tensor with shape ", tensor.shape());
  return {tensor.dtype(), element_shape};
}

std::vector<Tensor> from_tensor(HostCall& call) {
  const Tensor tensor = call.input(0);
  Elements rows = rows_in(tensor);
  return {Tensor(lists_of(call).add(traits_for_rows(tensor, shape_in(call, 1)), std::move(rows)))};
}

// Puts rows where the indices say; the list has as many elements as that takes.
void scatter_rows(HostCall& call, const Elements& rows, Elements& elements) {
  const std::vector<int64_t> indices = call.integers(1);
  require(indices.size() == rows.size(), ErrorKind::shape_incompatible, "Specified ",
          indices.size(), " indices for ", rows.size(), " rows of a tensor");
  for (size_t i = 0; i < rows.size(); ++i) {
    require(indices[i] >= 0, ErrorKind::index_out_of_range,
            "Indices in TensorListScatter must all be non-negative.");
    require_size(indices[i] + 1);
    const auto index = static_cast<size_t>(indices[i]);
    if (index >= elements.size()) elements.resize(index + 1);
    elements[index] = rows[i];
  }
}

std::vector<Tensor> scatter_list(HostCall& call) {
  const Tensor tensor = call.input(0);
  const int64_t size = std::max<int64_t>(call.integer(3), 0);  // -1: as the indices say
  require_size(size);
  Elements elements(static_cast<size_t>(size));
  scatter_rows(call, rows_in(tensor), elements);
  return {
      Tensor(lists_of(call).add(traits_for_rows(tensor, shape_in(call, 2)), std::move(elements)))};
}

std::vector<Tensor> length_of_list(HostCall& call) {
  return {Tensor(static_cast<int32_t>(lists_of(call).elements(call.integer(0)).size()))};
}

std::vector<Tensor> shape_of_elements(HostCall& call) {
  const Shape& shape = lists_of(call).traits(call.integer(0)).element_shape;
  const bool is_wide = call.attr<DType>("shape_type") == DType::int64;
  if (!shape.has_rank()) return {is_wide ? Tensor(int64_t{-1}) : Tensor(int32_t{-1})};
  const auto rank = static_cast<int64_t>(shape.rank());
  const std::vector<int64_t> sizes(shape.sizes().begin(), shape.sizes().end());
  if (is_wide) return {Tensor::from<int64_t>(sizes, {rank})};
  return {Tensor::from<int32_t>(std::vector<int32_t>(sizes.begin(), sizes.end()), {rank})};
}

Shape with_length(Shape shape, int64_t length) {
  shape[0] = length;
  return shape;
}

// Elements one after the other along their first axis, and how long each is.
std::vector<Tensor> concat_list(HostCall& call) {
  const ReadList list = read_list(call, 1);
  const Elements& elements = list.elements;
  Shape rest = list.shape;
  if (rest.rank() > 0) rest = with_length(rest, kUnknown);
  const std::vector<int64_t> leading = call.integers(2);
  std::vector<int64_t> lengths;
  for (size_t i = 0; i < elements.size(); ++i) {
    require(elements[i] || (i < leading.size() && leading[i] >= 0), ErrorKind::no_shape,
            "Concat requires that the first dimension of elements that aren't set is known");
    lengths.push_back(elements[i] ? with_rank_at_least(elements[i].shape(), 1, "element")[0]
                                  : leading[i]);
    if (elements[i]) rest = merged_element(rest, with_length(elements[i].shape(), kUnknown));
  }
  require(rest.rank() > 0 && without_axis(rest, 0).fully_defined(), ErrorKind::no_shape,
          "All except the first dimension must be fully defined when concating a list, but they "
          "are ",
          rest);
  Elements parts;
  int64_t total = 0;
  for (size_t i = 0; i < elements.size(); ++i) {
    total = add_sizes(total, lengths[i]);
    parts.push_back(element_of(list.traits, elements, i, with_length(rest, lengths[i])));
  }
  return {joined(call, parts, list.traits.dtype, with_length(rest, total)),
          Tensor::from<int64_t>(lengths, {static_cast<int64_t>(lengths.size())})};
}

// As shape_in, as far as the graph knows.
Shape known_shape(const ShapeContext& context, int input) {
  const Shape& of_input = context.inputs[static_cast<size_t>(input)];
  if (!of_input.has_rank() || of_input.rank() == 0) return Shape::unknown();
  return context.value_as_shape(input);
}
Shape known_stack(const Shape& element, int64_t count) {
  return element.has_rank() ? with_inserted(element, 0, count) : Shape::unknown();
}

Shapes popped_item_shape(const ShapeContext& context) { return {Shape(), known_shape(context, 1)}; }
Shapes item_shape(const ShapeContext& context) { return {known_shape(context, 2)}; }
Shapes stack_shape(const ShapeContext& context) {
  return {known_stack(known_shape(context, 1), context.attrs.get<int64_t>("num_elements"))};
}
Shapes gathered_shape(const ShapeContext& context) {
  const Shape indices = with_rank(context.inputs[1], 1, "indices");
  return {known_stack(known_shape(context, 2), indices[0])};
}
Shapes joined_list_shape(const ShapeContext& context) {
  Shape all = known_shape(context, 1);
  if (all.has_rank()) all = with_rank_at_least(all, 1, "element_shape");
  if (all.has_rank()) all[0] = kUnknown;
  return {all, Shape{kUnknown}};
}

struct ListOp {
  const char* name;
  std::vector<std::string> inputs, outputs;
  ShapeFunction shape;
  HostFunction run;
  AttrMap defaults = {};
};

}  // namespace

void register_flow_tensor_list(OpRegistry& ops) {
  const std::string list = "input_handle: int64", made = "output_handle: int64",
                    shape = "element_shape: shape_type", narrow = "element_shape: int32",
                    tensor = "tensor: element_dtype", indices = "indices: int32";
  const ListOp all[] = {
      {"TensorListReserve",
       {shape, "num_elements: int32"},
       {"handle: int64"},
       scalar_shape,
       reserve_list},
      {"EmptyTensorList",
       {shape, "max_num_elements: int32"},
       {"handle: int64"},
       scalar_shape,
       make_empty_list},
      {"TensorListPushBack", {list, tensor}, {made}, scalar_shape, push_element},
      {"TensorListPopBack", {list, narrow}, {made, tensor}, popped_item_shape, pop_element},
      {"TensorListGetItem",
       {list, "index: int32", narrow},
       {"item: element_dtype"},
       item_shape,
       get_element},
      {"TensorListSetItem",
       {list, "index: int32", "item: element_dtype"},
       {made},
       scalar_shape,
       set_element,
       {{"resize_if_index_out_of_bounds", false}}},
      {"TensorListStack",
       {list, narrow},
       {tensor},
       stack_shape,
       stack_list,
       {{"num_elements", int64_t{-1}}}},
      {"TensorListGather",
       {list, indices, narrow},
       {"values: element_dtype"},
       gathered_shape,
       gather_list},
      {"TensorListFromTensor", {tensor, shape}, {made}, scalar_shape, from_tensor},
      {"TensorListScatterV2",
       {tensor, indices, shape, "num_elements: int32"},
       {made},
       scalar_shape,
       scatter_list},
      {"TensorListConcatV2",
       {list, shape, "leading_dims: int64"},
       {tensor, "lengths: int64"},
       joined_list_shape,
       concat_list},
      {"TensorListLength", {list}, {"length: int32"}, scalar_shape, length_of_list},
      {"TensorListElementShape", {list}, {shape}, unknown_shape, shape_of_elements},
  };
  for (const ListOp& op : all) {
    ops.add(stateful_host_op({.name = op.name,
                              .inputs = op.inputs,
                              .outputs = op.outputs,
                              .defaults = op.defaults,
                              .shape = op.shape,
                              .host = op.run}));
  }
}

}  // namespace tenon::internal
