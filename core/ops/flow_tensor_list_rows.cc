// Tensor lists as tensors: their elements one behind the other, along a new axis or their first,
// and the other way round.
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
#include "core/ops/tensor_list_rules.h"

namespace tenon::internal {
namespace {

using Elements = TensorLists::Elements;

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
  check_fits(tensor.shape()[0], "a tensor list");
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

Shape known_stack(const Shape& element, int64_t count) {
  return element.has_rank() ? with_inserted(element, 0, count) : Shape::unknown();
}

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

// Parts of a tensor along its first axis, of these lengths.
std::vector<Tensor> split_into_list(HostCall& call) {
  const Tensor tensor = call.input(0);
  require_numbers(tensor.dtype());
  const std::vector<int64_t> lengths = call.integers(2);
  Shape part = with_rank_at_least(tensor.shape(), 1, "tensor");
  Elements parts;
  int64_t begin = 0;
  for (const int64_t length : lengths) {
    require(length >= 0 && length <= tensor.shape()[0] - begin, ErrorKind::shape_incompatible,
            "The lengths of parts don't fit the shape ", tensor.shape());
    part[0] = length;
    parts.push_back(rows_of(tensor, begin, begin + length, part));
    begin += length;
  }
  require(begin == tensor.shape()[0], ErrorKind::shape_incompatible,
          "The lengths of parts don't fit the shape ", tensor.shape());
  const ListTraits traits{tensor.dtype(), shape_in(call, 1)};
  return {Tensor(lists_of(call).add(traits, std::move(parts)))};
}

AttrMap elements_like(const Output& tensor) { return {{"element_dtype", tensor.dtype()}}; }

// The shape of a tensor's rows, as an operation takes it.
Output shape_of_row(const Output& tensor) {
  const Shape known = tensor.shape();
  if (known.has_rank() && without_axis(known, 0).fully_defined()) {
    return as_output(Integers(without_axis(known, 0)).as_input(), "element_shape", int32);
  }
  return slice(shape(tensor, {.out_type = int32}), {1}, {-1});
}

Outputs stack_gradient_of_list(const Operation& op, const Outputs& dy) {
  return {add_output("TensorListFromTensor", {dy[0], op.input(1)}), Output()};
}
Outputs from_tensor_gradient(const Operation& op, const Outputs& dy) {
  const Output tensor = op.input(0);
  AttrMap attrs = elements_like(tensor);
  attrs.set("num_elements", tensor.shape().rank() > 0 ? tensor.shape()[0] : kUnknown);
  return {add_output("TensorListStack", {dy[0], shape_of_row(tensor)}, {.attrs = std::move(attrs)}),
          Output()};
}
Outputs gather_gradient_of_list(const Operation& op, const Outputs& dy) {
  const Output length = length_of(op.input(0));
  return {add_output("TensorListScatterV2", {dy[0], op.input(1), op.input(2), length}), Output(),
          Output()};
}
Outputs scatter_gradient_of_list(const Operation& op, const Outputs& dy) {
  const Output tensor = op.input(0);
  return {add_output("TensorListGather", {dy[0], op.input(1), shape_of_row(tensor)},
                     {.attrs = elements_like(tensor)}),
          Output(), Output(), Output()};
}
Outputs concat_gradient_of_list(const Operation& op, const Outputs& dy) {
  return {add_output("TensorListSplit", {dy[0], op.input(1), op.output(1)}), Output(), Output()};
}
Outputs split_gradient_of_list(const Operation& op, const Outputs& dy) {
  const Output tensor = op.input(0);
  return {add_output("TensorListConcatV2", {dy[0], op.input(1), op.input(2)},
                     {.attrs = elements_like(tensor)}),
          Output(), Output()};
}

}  // namespace

void register_flow_tensor_list_rows(OpRegistry& ops) {
  const std::string list = "input_handle: int64", made = "output_handle: int64",
                    shape = "element_shape: shape_type", narrow = "element_shape: int32",
                    tensor = "tensor: element_dtype", indices = "indices: int32";
  add_list_ops(ops, {
                        {"TensorListStack",
                         {list, narrow},
                         {tensor},
                         stack_shape,
                         stack_list,
                         stack_gradient_of_list,
                         {{"num_elements", int64_t{-1}}}},
                        {"TensorListGather",
                         {list, indices, narrow},
                         {"values: element_dtype"},
                         gathered_shape,
                         gather_list,
                         gather_gradient_of_list},
                        {"TensorListFromTensor",
                         {tensor, shape},
                         {made},
                         scalar_shape,
                         from_tensor,
                         from_tensor_gradient},
                        {"TensorListScatterV2",
                         {tensor, indices, shape, "num_elements: int32"},
                         {made},
                         scalar_shape,
                         scatter_list,
                         scatter_gradient_of_list},
                        {"TensorListConcatV2",
                         {list, shape, "leading_dims: int64"},
                         {tensor, "lengths: int64"},
                         joined_list_shape,
                         concat_list,
                         concat_gradient_of_list},
                        {"TensorListSplit",
                         {tensor, shape, "lengths: int64"},
                         {made},
                         scalar_shape,
                         split_into_list,
                         split_gradient_of_list},
                    });
}

}  // namespace tenon::internal
