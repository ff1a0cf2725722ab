// What the source of a generated kernel begins with (generated_source.h). NVRTC compiles it.
#pragma once

#include <cstdint>

#include "core/kernels/bitwise_ops.h"
#include "core/kernels/scalar_ops.h"
#include "core/kernels/special_functions.h"
#include "cuda/offsets.h"
#include "cuda/words.h"

namespace tenon::cuda::generated {

namespace scalar = internal::scalar;
using cuda::narrowed;
using cuda::word;
using internal::Bfloat16;
using internal::Half;

// Neighbouring elements that one thread computes; moved by up to 16 bytes at a time.
template <typename T, int kWidth>
struct alignas(sizeof(T) * kWidth < 16 ? sizeof(T) * kWidth : 16) Vector {
  T elements[kWidth];
  __device__ T& operator[](int k) { return elements[k]; }
  __device__ const T& operator[](int k) const { return elements[k]; }
};

// An input as large as the outputs. `first` is a multiple of kWidth, and memory is aligned to 16
// bytes, unless kWidth is 1.
template <typename T, int kWidth>
__device__ inline Vector<T, kWidth> load(const void* from, int64_t first) {
  return *reinterpret_cast<const Vector<T, kWidth>*>(static_cast<const T*>(from) + first);
}
template <typename T, int kWidth>
__device__ inline void store(void* to, int64_t first, const Vector<T, kWidth>& values) {
  *reinterpret_cast<Vector<T, kWidth>*>(static_cast<T*>(to) + first) = values;
}
// One that is repeated along some axes.
template <typename T, int kWidth>
__device__ inline Vector<T, kWidth> gather(const void* from, const Offsets& offsets,
                                           int64_t first) {
  Vector<T, kWidth> values;
#pragma unroll
  for (int k = 0; k < kWidth; ++k) values[k] = static_cast<const T*>(from)[offsets(first + k)];
  return values;
}
// One of a single element.
template <typename T>
__device__ inline T single(const void* from) {
  return *static_cast<const T*>(from);
}

template <typename C>
__device__ inline C number(uint64_t bits) {
  if constexpr (sizeof(C) == 4) {
    return internal::bits_as<C>(static_cast<uint32_t>(bits));
  } else {
    return internal::bits_as<C>(bits);
  }
}

template <int kWidth>
struct Width {
  static constexpr int value = kWidth;
};

// Calls compute(Width<w>(), first) for all `count` elements, w from `first` on at a time: kWidth
// where memory is aligned for it. `blocks` of them share the work; this one has the number `block`.
template <int kWidth, class Compute>
__device__ inline void for_each(int64_t count, bool aligned, int64_t block, int64_t blocks,
                                Compute compute) {
  const int64_t threads = blocks * blockDim.x;
  const int64_t own = block * blockDim.x + threadIdx.x;
  int64_t done = 0;
  if (kWidth > 1 && aligned) {
    done = count / kWidth * kWidth;
    for (int64_t at = own * kWidth; at < done; at += threads * kWidth) {
      compute(Width<kWidth>(), at);
    }
  }
  for (int64_t at = done + own; at < count; at += threads) compute(Width<1>(), at);
}

}  // namespace tenon::cuda::generated
