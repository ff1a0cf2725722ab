// What kernels of every backend read from their requests when they are prepared.
#pragma once

#include <cstdint>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/strings.h"

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

// The strides, in elements, of a tensor of this shape that lies row-major.
inline std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()));
  int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// A shape around one axis: [outer, size, inner].
struct AroundAxis {
  int64_t outer, size, inner;
  AroundAxis(const Shape& shape, int axis)
      : outer(count_between(shape, 0, axis)),
        size(shape[axis]),
        inner(count_between(shape, axis + 1, shape.rank())) {}
};

// Lists of the C++ types that kernels are made for: f(static_cast<T*>(nullptr)) for each of them.
template <typename... T>
struct Types {};
using Floats = Types<float, double>;
using Numbers = Types<float, double, int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t>;

template <typename... T, typename F>
void for_types(Types<T...>, F f) {
  (f(static_cast<T*>(nullptr)), ...);
}

}  // namespace tenon::internal
