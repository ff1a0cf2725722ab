// What kernels of every backend read from their requests when they are prepared.
#pragma once

#include <cstdint>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/check.h"
#include "core/kernels/strides.h"

namespace tenon::internal {

// The elements of an input of integers (a scalar or vector) that is known when planning.
inline std::vector<int64_t> integers(const KernelRequest& request, int input) {
  const Tensor& value = request.value(input);
  std::vector<int64_t> numbers;
  if (value.dtype() == DType::int32) {
    for (const int32_t number : value.data<int32_t>()) numbers.push_back(number);
  } else {
    for (const int64_t number : value.data<int64_t>()) numbers.push_back(number);
  }
  return numbers;
}

// The one number of such an input.
inline int64_t integer(const KernelRequest& request, int input) {
  return integers(request, input).at(0);
}

// An axis counted from the front. Throws InvalidArgumentError (bad_argument) beyond the rank.
inline int resolve_axis(int64_t axis, int rank) {
  require(axis >= -rank && axis < rank, ErrorKind::bad_argument, "Axis ", axis,
          " is not in the range [", -rank, ", ", rank, ")");
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

// The product of the sizes from `first` up to, not including, `last`.
inline int64_t count_between(const Shape& shape, int first, int last) {
  int64_t count = 1;
  for (int i = first; i < last; ++i) count *= shape[i];
  return count;
}

// A shape around one axis: [outer, size, inner].
struct AroundAxis {
  int64_t outer, size, inner;
  AroundAxis(const Shape& shape, int axis)
      : outer(count_between(shape, 0, axis)),
        size(shape[axis]),
        inner(count_between(shape, axis + 1, shape.rank())) {}
};

// Gathering along an axis: params as [batch, outer, size, inner] and indices as [batch, count] give
// [batch, outer, count, inner].
struct GatherSizes {
  int64_t batch, count;
  AroundAxis around;  // the axis, in one batch
};

// Of params, indices and axis. Throws InvalidArgumentError (bad_argument).
inline GatherSizes gather_sizes(const KernelRequest& request) {
  const Shape &params = request.input_shape(0), &indices = request.input_shape(1);
  const int axis = resolve_axis(integer(request, 2), params.rank());
  int64_t batch_dims = request.attrs->get_or("batch_dims", int64_t{0});
  if (batch_dims < 0) batch_dims += indices.rank();
  require(batch_dims >= 0 && batch_dims <= axis && batch_dims <= indices.rank(),
          ErrorKind::bad_argument, "batch_dims ", batch_dims, " must be at most axis ", axis,
          " and the rank of indices ", indices);
  const auto first = static_cast<int>(batch_dims);
  GatherSizes sizes = {.batch = count_between(params, 0, first),
                       .count = count_between(indices, first, indices.rank()),
                       .around = AroundAxis(params, axis)};
  sizes.around.outer = count_between(params, first, axis);
  return sizes;
}

// How many elements each condition of a Select (TensorFlow 1's) chooses; 0 when there is none.
// Throws InvalidArgumentError (shape_incompatible).
inline int64_t elements_a_condition(const KernelRequest& request) {
  const Shape &condition = request.input_shape(0), &shape = request.output_shape(0);
  const bool fits = condition == shape || condition.rank() == 0 ||
                    (condition.rank() == 1 && shape.rank() >= 1 && condition[0] == shape[0]);
  require(fits, ErrorKind::shape_incompatible, "Inputs to operation Select must have the same ",
          "size and shape, or the condition must be a vector over their first axis: ", condition,
          " and ", shape);
  const int64_t conditions = condition.element_count();
  return conditions == 0 ? 0 : shape.element_count() / conditions;
}

// f(static_cast<T*>(nullptr)) for an unsigned T of so many bytes (1, 2, 4 or 8): moving elements
// needs no more of their type.
template <typename F>
auto for_word_size(size_t bytes, F f) {
  switch (bytes) {
    case 1:
      return f(static_cast<uint8_t*>(nullptr));
    case 2:
      return f(static_cast<uint16_t*>(nullptr));
    case 4:
      return f(static_cast<uint32_t*>(nullptr));
    default:
      return f(static_cast<uint64_t*>(nullptr));
  }
}

// Lists of the C++ types that kernels are made for: f(static_cast<T*>(nullptr)) for each of them.
template <typename... T>
struct Types {};
using Floats = Types<float, double>;
using UsualNumbers = Types<float, double, int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t>;
using Numbers =
    Types<float, double, int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t, uint32_t, uint64_t>;

template <typename... T, typename F>
void for_types(Types<T...>, F f) {
  (f(static_cast<T*>(nullptr)), ...);
}

}  // namespace tenon::internal
