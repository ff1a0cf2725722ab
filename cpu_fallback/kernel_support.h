// What kernels share: names, arguments read when they are prepared, loops over the threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/strings.h"
#include "cpu_fallback/cpu_queue.h"
#include "cpu_fallback/half.h"

namespace tenon::cpu {

using internal::AttrMap;
using internal::Kernel;
using internal::KernelRegistration;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;
using internal::require;

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

// body(begin, end) over [0, rows), in pieces of some `work` elements where a row has `row` of them.
template <typename F>
void for_rows(const Launch& args, int64_t rows, int64_t row, F&& body, int64_t work = 16384) {
  const int64_t grain = row <= 0 ? rows : work / row;
  pool(args).for_range(rows, grain < 1 ? 1 : grain, body);
}

// Registers PREPARE<T>(request) for each of the dtypes T.
template <typename... T>
struct Types {};
using Floats = Types<float, double>;
using Integers = Types<int32_t, int64_t>;
using Numbers = Types<float, double, int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t>;

template <typename... T, typename F>
void for_types(Types<T...>, F f) {
  (f(static_cast<T*>(nullptr)), ...);
}

}  // namespace tenon::cpu
