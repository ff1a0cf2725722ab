// Looking up what is made for the elements of a dtype.
#pragma once

#include "core/kernels/kernel_arguments.h"
#include "cpu_fallback/half.h"

namespace tenon::cpu {

// Numbers that are worth code for each kind of processor, and the others.
using WideNumbers = internal::Types<float, double, int32_t, int64_t>;
using RareNumbers = internal::Types<int8_t, uint8_t, int16_t, uint16_t, uint32_t, uint64_t,
                                    internal::Half, internal::Bfloat16>;

template <typename T>
inline constexpr DType element_dtype = dtype_of<T>;
template <>
inline constexpr DType element_dtype<internal::Half> = DType::float16;
template <>
inline constexpr DType element_dtype<internal::Bfloat16> = DType::bfloat16;

// f(static_cast<T*>(nullptr)) for the type of the list that elements of the dtype have; an empty
// answer where it isn't in the list.
template <typename... T, typename F>
auto for_dtype(internal::Types<T...>, DType dtype, F f) {
  decltype((f(static_cast<T*>(nullptr)), ...)) found = {};
  static_cast<void>(
      ((element_dtype<T> == dtype && (found = f(static_cast<T*>(nullptr)), true)) || ...));
  return found;
}

}  // namespace tenon::cpu
