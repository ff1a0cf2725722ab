// Elements of a dtype that is known when the kernel runs: one kernel serves all dtypes that it
// computes with alike.
#pragma once

#include "cuda/kernel_support.h"

namespace tenon::cuda {

// Calls f(static_cast<T*>(nullptr)) for the dtype's T; bool's are bytes that are 0 or 1.
template <class F>
__device__ void with_dtype(DType dtype, F f) {
  switch (dtype) {
    case DType::float32:
      return f(static_cast<float*>(nullptr));
    case DType::float64:
      return f(static_cast<double*>(nullptr));
    case DType::float16:
      return f(static_cast<Half*>(nullptr));
    case DType::bfloat16:
      return f(static_cast<Bfloat16*>(nullptr));
    case DType::int8:
      return f(static_cast<int8_t*>(nullptr));
    case DType::uint8:
      return f(static_cast<uint8_t*>(nullptr));
    case DType::int16:
      return f(static_cast<int16_t*>(nullptr));
    case DType::uint16:
      return f(static_cast<uint16_t*>(nullptr));
    case DType::int32:
      return f(static_cast<int32_t*>(nullptr));
    case DType::uint32:
      return f(static_cast<uint32_t*>(nullptr));
    case DType::int64:
      return f(static_cast<int64_t*>(nullptr));
    case DType::uint64:
      return f(static_cast<uint64_t*>(nullptr));
    default:
      return f(static_cast<bool*>(nullptr));
  }
}

template <typename Wide>
__device__ Wide load_as(DType dtype, const void* from, int64_t index) {
  Wide value{};
  with_dtype(dtype, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    value = static_cast<Wide>(static_cast<Compute<T>>(static_cast<const T*>(from)[index]));
  });
  return value;
}

// Numbers that the dtype can't hold become what a cast makes of them.
template <typename Wide>
__device__ void store_as(DType dtype, void* to, int64_t index, Wide value) {
  with_dtype(dtype, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    static_cast<T*>(to)[index] = scalar::cast<T>(value);
  });
}

}  // namespace tenon::cuda
