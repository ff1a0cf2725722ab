// Slice and StridedSlice: parts of a tensor.

#include <array>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/size_rules.h"
#include "core/kernels/strided_slice.h"
#include "core/ops/argument_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/integer_values.h"
#include "core/ops/op_scope.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/slicing.h"

namespace tenon {
namespace internal {
namespace {

// As TensorFlow's: what is given is believed here; whether it lies inside is seen when it runs.
Shapes slice_shape(const ShapeContext& context) {
  const auto begin = integer_list(context, 1, "begin"), size = integer_list(context, 2, "size");
  Shape input = context.inputs[0];
  if (size) input = with_rank(input, static_cast<int>(size->size()), "input (size says the rank)");
  if (!input.has_rank()) return {input};
  Shape output = with_rank(Shape::unknown(), input.rank(), "input");
  if (!size) return {output};
  for (int i = 0; i < input.rank(); ++i) {
    const auto at = static_cast<size_t>(i);
    output[i] = (*size)[at];
    require<ValueError>((*size)[at] >= -1, ErrorKind::shape_incompatible, "size[", i,
                        "] of a slice must be -1 or more, not ", (*size)[at]);
    if (!begin) continue;
    require<ValueError>(begin->size() == size->size(), ErrorKind::shape_incompatible,
                        "begin and size of a slice must be of one length: ", begin->size(), " and ",
                        size->size());
    if (input[i] < 0 || output[i] >= 0) continue;
    output[i] = subtract_sizes(input[i], (*begin)[at]);
    require<ValueError>(output[i] >= 0, ErrorKind::shape_incompatible,
                        "Negative dimension size caused by subtracting ", (*begin)[at], " from ",
                        input[i], ": begin[", i, "] of a slice of shape ", input);
  }
  return {output};
}

// The gradient is put back where the slice was, among zeros.
Outputs slice_gradient(const Operation& op, const Outputs& dy) {
  const Output x = op.input(0);
  const auto begin = known_integers(op.input(1));
  if (begin && x.shape().fully_defined() && dy[0].shape().fully_defined()) {
    std::vector<int64_t> paddings;
    for (size_t i = 0; i < begin->size(); ++i) {
      const int axis = static_cast<int>(i);
      paddings.push_back((*begin)[i]);
      paddings.push_back(x.shape()[axis] - dy[0].shape()[axis] - (*begin)[i]);
    }
    const Shape shape{static_cast<int64_t>(begin->size()), 2};
    return {pad(dy[0], Input::weak(Tensor::from<int64_t>(paddings, shape))), Output(), Output()};
  }
  const DType dtype = op.input(1).dtype();
  const Output after =
      shape(x, {.out_type = dtype}) - shape(dy[0], {.out_type = dtype}) - op.input(1);
  return {pad(dy[0], stack({op.input(1), after}, {.axis = 1})), Output(), Output()};
}

std::optional<StridedSliceArguments> slice_arguments(const ShapeContext& context, int first) {
  const auto begin = integer_list(context, first, "begin"),
             end = integer_list(context, first + 1, "end"),
             strides = integer_list(context, first + 2, "strides");
  if (!strides) return std::nullopt;
  StridedSliceArguments arguments;
  arguments.strides = *strides;
  arguments.bounds_known = begin && end;
  arguments.begin = begin.value_or(std::vector<int64_t>(strides->size(), 0));
  arguments.end = end.value_or(std::vector<int64_t>(strides->size(), 0));
  require<ValueError>(
      arguments.begin.size() == strides->size() && arguments.end.size() == strides->size(),
      ErrorKind::shape_incompatible,
      "begin, end and strides must be of one length: ", arguments.begin.size(), ", ",
      arguments.end.size(), ", ", strides->size());
  arguments.set_masks(context.attrs);
  return arguments;
}

Shapes strided_slice_shape(const ShapeContext& context) {
  const auto arguments = slice_arguments(context, 1);
  if (!arguments || !context.inputs[0].has_rank()) return {Shape::unknown()};
  return {plan_strided_slice(context.inputs[0], *arguments).output};
}

// What comes is put back where the slice was taken from the whole, whose shape input 0 says.
Shapes strided_slice_grad_shape(const ShapeContext& context) {
  const Shape whole = shape_from_value(context)[0];
  const auto arguments = slice_arguments(context, 1);
  if (!arguments || !whole.has_rank()) return {whole};
  of_shape(context.inputs[4], plan_strided_slice(whole, *arguments).output, "dy");
  return {whole};
}

// Of a vector of integers; one size of a shape that isn't known as a whole is a value too.
std::optional<Tensor> strided_slice_value(const ShapeContext& context) {
  const auto arguments = slice_arguments(context, 1);
  if (!arguments || !arguments->bounds_known || context.inputs[0].rank() != 1) {
    return std::nullopt;
  }
  const Tensor whole = context.value(0);
  if (!is_index_dtype(whole ? whole.dtype() : context.attrs.get<DType>("T"))) return std::nullopt;
  const Shape input = whole ? Shape::unknown() : context.value_as_shape(0);
  if (!whole && !input.has_rank()) return std::nullopt;
  const Shape length{whole ? whole.element_count() : int64_t{input.rank()}};
  const StridedSlicePlan plan = plan_strided_slice(length, *arguments);
  if (plan.counts.size() != 1) return std::nullopt;
  const std::vector<int64_t> numbers =
      whole ? to_integers(whole) : std::vector<int64_t>(input.sizes().begin(), input.sizes().end());
  std::vector<int64_t> taken;
  for (int64_t i = 0; i < plan.counts[0]; ++i) {
    taken.push_back(numbers[static_cast<size_t>(plan.begin[0] + i * plan.strides[0])]);
    if (!whole && taken.back() < 0) return std::nullopt;
  }
  const DType dtype = whole ? whole.dtype() : context.attrs.get<DType>("T");
  return integer_tensor(dtype, plan.output, taken);
}

Outputs strided_slice_gradient(const Operation& op, const Outputs& dy) {
  const AttrMap masks = strided_slice_masks(op.node()->attrs);
  const Output sizes = shape(op.input(0), {.out_type = op.input(1).dtype()});
  const Output gradient =
      add_output("StridedSliceGrad", {sizes, op.input(1), op.input(2), op.input(3), dy[0]},
                 {.attrs = masks, .shape = op.input(0).shape()});
  return {gradient, Output(), Output(), Output()};
}

Outputs strided_slice_grad_gradient(const Operation& op, const Outputs& dy) {
  const AttrMap masks = strided_slice_masks(op.node()->attrs);
  return {
      Output(), Output(), Output(), Output(),
      add_output("StridedSlice", {dy[0], op.input(1), op.input(2), op.input(3)}, {.attrs = masks})};
}

// Whether the value fits is seen when it runs, as in TensorFlow.
Shapes slice_assign_shape(const ShapeContext& context) {
  slice_arguments(context, 1);
  return {context.inputs[0]};
}

Shapes checked_slice_assign(const ShapeContext& context) {
  slice_assign_shape(context);
  return {};
}

AttrMap mask_defaults() {
  AttrMap defaults;
  for (const char* mask : kStridedSliceMasks) defaults.set(mask, int64_t{0});
  return defaults;
}

}  // namespace

void register_array_slice(OpRegistry& ops) {
  ops.add({.name = "Slice",
           .inputs = {"input: T", "begin: Index", "size: Index"},
           .outputs = {"output: T"},
           .types = {{"Index", kIndices}},
           .shape = slice_shape,
           .gradient = slice_gradient,
           .needs_value = {1, 2}});
  ops.add({.name = "StridedSlice",
           .inputs = {"input: T", "begin: Index", "end: Index", "strides: Index"},
           .outputs = {"output: T"},
           .defaults = mask_defaults(),
           .types = {{"Index", kIndices}},
           .shape = strided_slice_shape,
           .gradient = strided_slice_gradient,
           .value = strided_slice_value,
           .needs_value = {1, 2, 3}});
  ops.add({.name = "StridedSliceGrad",
           .inputs = {"shape: Index", "begin: Index", "end: Index", "strides: Index", "dy: T"},
           .outputs = {"output: T"},
           .defaults = mask_defaults(),
           .types = {{"Index", kIndices}},
           .shape = strided_slice_grad_shape,
           .gradient = strided_slice_grad_gradient,
           .needs_value = {0, 1, 2, 3}});
  ops.add({.name = "StridedSliceAssign",
           .inputs = {"ref: Ref(T)", "begin: Index", "end: Index", "strides: Index", "value: T"},
           .outputs = {"output_ref: Ref(T)"},
           .defaults = mask_defaults(),
           .types = {{"Index", kIndices}},
           .shape = slice_assign_shape,
           .differentiable = false,
           .needs_value = {1, 2, 3},
           .writes = {0},
           .stateful = true});
  ops.add({.name = "ResourceStridedSliceAssign",
           .inputs = {"ref: resource", "begin: Index", "end: Index", "strides: Index", "value: T"},
           .defaults = mask_defaults(),
           .types = {{"Index", kIndices}},
           .shape = checked_slice_assign,
           .differentiable = false,
           .needs_value = {1, 2, 3},
           .writes = {0},
           .stateful = true});
}

namespace {

// What an index says, entry by entry, as StridedSlice takes it.
class IndexEntries {
 public:
  explicit IndexEntries(std::span<const Index> index) {
    for (const Index& entry : index) add(entry);
  }

  // The operations that it takes are named stack, stack_1, stack_2 in the name scope in force.
  Output slice_of(const Output& value, const std::string& name, Location where) const {
    const DType dtype = has_int64() ? int64 : int32;
    AttrMap attrs;
    for (size_t i = 0; i < std::size(kStridedSliceMasks); ++i)
      attrs.set(kStridedSliceMasks[i], masks_[i]);
    return add_output("StridedSlice",
                      {value, vector(begin_, dtype), vector(end_, dtype), vector(strides_, dtype)},
                      {.name = name, .attrs = attrs, .where = where});
  }

 private:
  enum Mask { kBegin, kEnd, kEllipsis, kNewAxis, kShrink };

  void add(const Index& entry) {
    const Slice& slice = entry.slice();
    switch (entry.kind()) {
      case Index::Kind::kPosition:
        return add_position(slice.begin.input());
      case Index::Kind::kEllipsis:
        return add_entry(0, 0, 1, kEllipsis);
      case Index::Kind::kNewAxis:
        return add_entry(0, 0, 1, kNewAxis);
      case Index::Kind::kSlice:
        break;
    }
    if (!slice.begin.given()) mark(kBegin);
    if (!slice.end.given()) mark(kEnd);
    begin_.push_back(checked(slice.begin, 0));
    end_.push_back(checked(slice.end, 0));
    strides_.push_back(checked(slice.step, 1));
  }

  void add_position(const Input& position) {
    if (!position.is_output()) {
      const auto at = position.value().scalar<int64_t>();
      return add_entry(at, at + 1, 1, kShrink);
    }
    mark(kShrink);
    begin_.push_back(checked(position));
    end_.emplace_back(tenon::add(position, 1, {.name = "add"}));  // as Python's operator
    strides_.emplace_back(int64_t{1});
  }

  void add_entry(int64_t begin, int64_t end, int64_t step, Mask mask) {
    mark(mask);
    begin_.emplace_back(begin);
    end_.emplace_back(end);
    strides_.emplace_back(step);
  }

  void mark(Mask mask) { masks_[mask] |= int64_t{1} << strides_.size(); }

  static Input checked(const Bound& bound, int64_t otherwise) {
    return bound.given() ? checked(bound.input()) : Input(otherwise);
  }
  static const Input& checked(const Input& input) {
    if (!input.is_output()) return input;
    const Output& tensor = input.output();
    const bool scalar = !tensor.shape().has_rank() || tensor.shape().rank() == 0;
    require<TypeError>(scalar && is_index_dtype(tensor.dtype()), ErrorKind::dtype_incompatible,
                       "Only integers, slices, ellipsis, newaxis and scalar int32 or int64 tensors "
                       "are valid indices, got ",
                       tensor.name(), ", ", tensor.dtype(), " of shape ", tensor.shape());
    return input;
  }

  bool has_int64() const {
    for (const auto* inputs : {&begin_, &end_, &strides_}) {
      for (const Input& input : *inputs) {
        if (input.is_output() && input.output().dtype() == int64) return true;
      }
    }
    return false;
  }

  static Output vector(std::vector<Input> inputs, DType dtype) {
    std::vector<int64_t> numbers;
    for (Input& input : inputs) {
      if (!input.is_output()) {
        numbers.push_back(input.value().scalar<int64_t>());
      } else if (input.output().dtype() != dtype) {
        input = cast(input, dtype);
      }
    }
    if (numbers.size() < inputs.size()) return stack(inputs, {.name = "stack"});
    const Shape length{static_cast<int64_t>(numbers.size())};
    return make_constant(integer_tensor(dtype, length, numbers), "stack");
  }

  std::vector<Input> begin_, end_, strides_;
  std::array<int64_t, std::size(kStridedSliceMasks)> masks_ = {};
};

}  // namespace

}  // namespace internal

Output Output::operator[](std::span<const Index> index) const {
  const Location where = index.empty() ? Location() : index.front().where();
  const internal::CallerLine line(where);
  const internal::IndexEntries entries(index);
  const internal::OpScope scope({}, "strided_slice", {Input(*this)});
  return entries.slice_of(*this, scope.name(), where);
}

Output Output::operator[](const Index& index) const { return (*this)[std::span(&index, 1)]; }

Output Output::operator[](std::initializer_list<Index> index) const {
  return (*this)[std::span(index.begin(), index.size())];
}

Output slice(Input input, Integers begin, Integers size, const OpOptions& options) {
  const internal::CallerLine line(input.where());
  return internal::add_output("Slice", {input, begin.as_input(), size.as_input()},
                              {.name = options.name, .where = input.where()});
}

Output strided_slice(Input input, Integers begin, Integers end,
                     const StridedSliceOptions& options) {
  const internal::CallerLine line(input.where());
  const auto ones = [&]() -> Integers {
    if (begin.known()) return std::vector<int64_t>(begin.numbers().size(), 1);
    return ones_like(begin.as_input());
  };
  const Integers strides = options.strides.empty() ? ones() : Integers(options.strides);
  return internal::add_output("StridedSlice",
                              {input, begin.as_input(), end.as_input(), strides.as_input()},
                              {.name = options.name.empty() ? "strided_slice" : options.name,
                               .attrs = {{"begin_mask", options.begin_mask},
                                         {"end_mask", options.end_mask},
                                         {"ellipsis_mask", options.ellipsis_mask},
                                         {"new_axis_mask", options.new_axis_mask},
                                         {"shrink_axis_mask", options.shrink_axis_mask}},
                               .where = input.where()});
}

}  // namespace tenon
