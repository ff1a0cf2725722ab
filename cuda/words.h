// What values of a dtype are computed with: numbers of 8 and 16 bits and bool as int32, half
// precision as float, all others as themselves. For .cu files and generated kernels.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/kernels/scalar_ops.h"

namespace tenon::cuda {

template <typename T>
__device__ inline auto word(T value) {
  if constexpr (std::is_integral_v<T> && sizeof(T) < 4) {
    return static_cast<int32_t>(value);
  } else {
    return static_cast<internal::scalar::Compute<T>>(value);
  }
}

// A result of dtype T that was computed as a C.
template <typename T, typename C>
__device__ inline C narrowed(C value) {
  if constexpr (sizeof(T) < 4 && sizeof(C) == 4) {
    return static_cast<C>(word(static_cast<T>(value)));
  } else {
    return value;
  }
}

}  // namespace tenon::cuda
