// Tensor lists, which TensorFlow 2's loops fill and read: TensorFlow's variants, which are handles
// of a run's lists here. This file has what changes and reads them an element at a time.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/ops/tensor_list_rules.h"

namespace tenon::internal {
namespace {

using Elements = TensorLists::Elements;

std::vector<Tensor> reserve_list(HostCall& call) {
  const int64_t size = call.integer(1);
  require_size(size);
  const ListTraits traits{call.attr<DType>("element_dtype"), shape_in(call, 0)};
  return {Tensor(lists_of(call).reserve(traits, static_cast<size_t>(size)))};
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

std::vector<Tensor> resize_list(HostCall& call) {
  return {Tensor(resized(lists_of(call), call.integer(0), call.integer(1)))};
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

// Lists of gradients, added up: an element that isn't set is zero.
std::vector<Tensor> sum_of_lists(HostCall& call) {
  TensorLists& lists = lists_of(call);
  int64_t sum = call.integer(0);
  for (size_t i = 1; i < call.inputs(); ++i) {
    const Elements more = lists.elements(call.integer(i));
    const size_t size = lists.elements(sum).size();
    require(more.size() == size, ErrorKind::shape_incompatible,
            "Trying to add two lists of tensors with different lengths: ", size, " and ",
            more.size());
    for (size_t at = 0; at < size; ++at) {
      if (!more[at]) continue;
      const Tensor& had = lists.elements(sum)[at];
      Tensor value = more[at];
      if (had) {
        merged_element(had.shape(), value.shape());
        Tensor both = call.on_host(had).clone();
        add_to(both, call.on_host(value));
        value = std::move(both);
      }
      sum = lists.with_set(sum, at, std::move(value));
    }
  }
  return {Tensor(sum)};
}

// The list with zeros in place of what is set.
std::vector<Tensor> zeros_for_list(HostCall& call) {
  TensorLists& lists = lists_of(call);
  const int64_t handle = call.integer(0);
  Elements zeros = lists.elements(handle);
  for (Tensor& element : zeros) {
    if (!element) continue;
    require_numbers(element.dtype());
    element = Tensor::zeros(element.shape(), element.dtype());
  }
  return {Tensor(lists.add(lists.traits(handle), std::move(zeros)))};
}

Shapes popped_item_shape(const ShapeContext& context) { return {Shape(), known_shape(context, 1)}; }
Shapes item_shape(const ShapeContext& context) { return {known_shape(context, 2)}; }

AttrMap of_elements(const Output& item) { return {{"element_dtype", item.dtype()}}; }
Output zero_list(const Output& list) {
  return add_output("_TensorListZeros", {list}, {.name = "zeros_like"});
}

Outputs push_gradient(const Operation& op, const Outputs& dy) {
  const Output item = op.input(1);
  return outputs_of(add_operation("TensorListPopBack", {dy[0], shape_of_item(item)},
                                  {.attrs = of_elements(item)}));
}
Outputs pop_gradient(const Operation& op, const Outputs& dy) {
  const Output rest = dy[0] ? dy[0] : zero_list(op.output(0));
  const Output item = dy[1] ? dy[1] : zeros_like(op.output(1));
  return {add_output("TensorListPushBack", {rest, item}), Output()};
}
Outputs get_gradient(const Operation& op, const Outputs& dy) {
  const Output none =
      add_output("TensorListReserve", {shape_of_item(dy[0]), length_of(op.input(0))},
                 {.attrs = of_elements(dy[0])});
  return {add_output("TensorListSetItem", {none, op.input(1), dy[0]}), Output(), Output()};
}
Outputs set_gradient_of_list(const Operation& op, const Outputs& dy) {
  const Output index = op.input(1), item = op.input(2);
  Output before = add_output("TensorListSetItem", {dy[0], index, zeros_like(item)});
  if (op.node()->attrs.get<bool>("resize_if_index_out_of_bounds")) {
    before = add_output("TensorListResize", {before, length_of(op.input(0))});
  }
  return {before, Output(),
          add_output("TensorListGetItem", {dy[0], index, shape_of_item(item)},
                     {.attrs = of_elements(item)})};
}
Outputs resize_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("TensorListResize", {dy[0], length_of(op.input(0))}), Output()};
}

}  // namespace

void register_flow_tensor_list(OpRegistry& ops) {
  const std::string list = "input_handle: int64", made = "output_handle: int64",
                    shape = "element_shape: shape_type", narrow = "element_shape: int32",
                    tensor = "tensor: element_dtype";
  add_list_ops(
      ops,
      {
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
          {"TensorListPushBack", {list, tensor}, {made}, scalar_shape, push_element, push_gradient},
          {"TensorListPopBack",
           {list, narrow},
           {made, tensor},
           popped_item_shape,
           pop_element,
           pop_gradient},
          {"TensorListGetItem",
           {list, "index: int32", narrow},
           {"item: element_dtype"},
           item_shape,
           get_element,
           get_gradient},
          {"TensorListSetItem",
           {list, "index: int32", "item: element_dtype"},
           {made},
           scalar_shape,
           set_element,
           set_gradient_of_list,
           {{"resize_if_index_out_of_bounds", false}}},
          {"TensorListResize",
           {list, "size: int32"},
           {made},
           scalar_shape,
           resize_list,
           resize_gradient},
          {"TensorListLength", {list}, {"length: int32"}, scalar_shape, length_of_list},
          {"TensorListElementShape", {list}, {shape}, unknown_shape, shape_of_elements},
          {"_TensorListSum", {"input_handles: N * int64"}, {made}, scalar_shape, sum_of_lists},
          {"_TensorListZeros", {list}, {made}, scalar_shape, zeros_for_list},
      });
}

}  // namespace tenon::internal
