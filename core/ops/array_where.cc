// Where: the indices of true elements. How many there are depends on the values, so that a plan is
// cut before it and goes on for the values found.

#include <algorithm>

#include "core/base/check.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "core/tensor/element_types.h"
#include "tenon/array_ops.h"

namespace tenon {
namespace internal {
namespace {

int64_t count_nonzero(const Tensor& tensor) {
  return with_element_type(tensor.dtype(), [&]<typename T>(const T&) -> int64_t {
    if constexpr (std::is_arithmetic_v<T>) {
      const auto values = tensor.data<T>();
      return std::count_if(values.begin(), values.end(), [](T value) { return value != T{}; });
    } else {
      return kUnknown;  // there is no kernel
    }
  });
}

Shapes where_shape(const ShapeContext& context) {
  const Shape& input = context.inputs[0];
  const Tensor value = context.planning() ? context.value(0) : Tensor();
  return {Shape{value ? count_nonzero(value) : kUnknown,
                input.has_rank() ? int64_t{input.rank()} : kUnknown}};
}

}  // namespace

void register_array_where(OpRegistry& ops) {
  std::vector<DType> types = kNumbers;
  types.push_back(bool_);
  ops.add({.name = "Where",
           .inputs = {"input: T"},
           .outputs = {"index: int64"},
           .types = {{"T", types}},
           .shape = where_shape,
           .differentiable = false,
           .needs_value = {0}});
}

}  // namespace internal

Output where(Input condition, const OpOptions& options) {
  return internal::add_output("Where", {condition}, {.name = options.name});
}

Output boolean_mask(Input tensor, Input mask, const BooleanMaskOptions& options) {
  using internal::require;
  const internal::OpScope scope(options.name, "boolean_mask", {tensor, mask});
  const Output x = internal::as_output(tensor, "tensor"), m = internal::as_output(mask, "mask");
  const Shape shape = x.shape(), masked = m.shape();
  require<ValueError>(masked.has_rank() && masked.rank() > 0, ErrorKind::shape_incompatible,
                      "mask cannot be scalar, and its number of dimensions must be specified");
  require<ValueError>(shape.has_rank(), ErrorKind::shape_incompatible,
                      "The number of dimensions of the tensor must be specified");
  const int axis = internal::resolve_axis(options.axis, shape.rank());
  require<ValueError>(axis + masked.rank() <= shape.rank(), ErrorKind::shape_incompatible,
                      "Shapes ", shape, " and ", masked, " are incompatible");
  require<ValueError>(internal::subshape(shape, axis, axis + masked.rank()).compatible_with(masked),
                      ErrorKind::shape_incompatible, "Shapes ", shape, " and ", masked,
                      " are incompatible");
  std::vector<Input> sizes;
  for (int i = 0; i < axis; ++i) sizes.push_back(internal::size_along(x, i));
  sizes.push_back(masked.fully_defined() ? Input(masked.element_count()) : Input(size(m)));
  for (int i = axis + masked.rank(); i < shape.rank(); ++i) {
    sizes.push_back(internal::size_along(x, i));
  }
  const Output flat = masked.rank() == 1 ? x : reshape(x, internal::integers_of(sizes));
  const Output chosen = squeeze(where(reshape(m, {-1})), {.axis = {1}});
  return gather(flat, chosen, {.axis = axis, .name = scope.name()});
}

}  // namespace tenon
