// What CUDA kernels share: names, launches, types, index arithmetic. Only for .cu files.
//
// A launch only puts work on the run's stream. Grids never depend on the device or the clock, so
// that the same shapes give the same bits; sizes may be zero (nothing is launched) and beyond 32
// bits.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/base/check.h"
#include "core/kernels/bitwise_ops.h"
#include "core/kernels/kernel_arguments.h"
#include "core/kernels/scalar_ops.h"
#include "core/kernels/special_functions.h"
#include "cuda/cuda_queue.h"
#include "cuda/offsets.h"
#include "cuda/status.h"

namespace tenon::internal::scalar {

// CUDA's own numbers of 16 bits are what kernels compute with.
template <>
inline constexpr bool is_half<__half> = true;
template <>
inline constexpr bool is_half<__nv_bfloat16> = true;

}  // namespace tenon::internal::scalar

namespace tenon::cuda {

using internal::AroundAxis;
using internal::count_between;
using internal::Floats;
using internal::for_types;
using internal::integer;
using internal::integers;
using internal::Kernel;
using internal::KernelRegistration;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;
using internal::Numbers;
using internal::require;
using internal::resolve_axis;
using internal::row_major_strides;
using internal::Types;
namespace scalar = internal::scalar;
using scalar::Compute;

using Half = __half;
using Bfloat16 = __nv_bfloat16;
using AllFloats = Types<float, double, Half, Bfloat16>;
using AllNumbers =
    Types<float, double, int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t, Half, Bfloat16>;

template <typename T>
inline constexpr DType kDType = dtype_of<T>;
template <>
inline constexpr DType kDType<Half> = DType::float16;
template <>
inline constexpr DType kDType<Bfloat16> = DType::bfloat16;

// What an element is to arithmetic, and back.
template <typename T>
__device__ Compute<T> widened(T value) {
  return static_cast<Compute<T>>(value);
}

// ---- Launches ----------------------------------------------------------------------------------

inline constexpr int kThreads = 256;             // of a block, unless a kernel says otherwise
inline constexpr int64_t kMostBlocks = 1 << 14;  // a thread then does more than one thing

inline unsigned blocks_for(int64_t things, int64_t in_a_block = kThreads) {
  return static_cast<unsigned>(std::min((things + in_a_block - 1) / in_a_block, kMostBlocks));
}

__device__ inline int64_t first_index() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline int64_t grid_size() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

// Launches a kernel that goes over `size` things from first_index() on in steps of grid_size().
template <typename... Parameters, typename... Arguments>
void launch_1d(const char* name, const Launch& args, int64_t size, void (*kernel)(Parameters...),
               const Arguments&... arguments) {
  if (size <= 0) return;
  kernel<<<blocks_for(size), kThreads, 0, stream(args)>>>(static_cast<Parameters>(arguments)...);
  check_launch(name);
}

// ---- Threads that work on one thing together ----------------------------------------------------

// A team of 1, 2, 4, ... 32 neighbouring threads, or the whole block. Every team of a block must
// call reduce() equally often, all threads of it: for_each sees to that.
class Team {
 public:
  __device__ explicit Team(int size) : size_(size) {}
  __device__ int rank() const { return static_cast<int>(threadIdx.x) % size_; }
  __device__ int size() const { return size_; }

  // f(i) for each i < count, by one team each. Threads without one do the last again, so that all
  // of a block take part in every reduction: what they write, another team writes alike.
  template <class F>
  __device__ void for_each(int64_t count, F f) const {
    const int teams = static_cast<int>(blockDim.x) / size_;
    const int64_t own = static_cast<int64_t>(threadIdx.x) / size_;
    for (int64_t first = static_cast<int64_t>(blockIdx.x) * teams; first < count;
         first += static_cast<int64_t>(gridDim.x) * teams) {
      f(first + own < count ? first + own : count - 1);
    }
  }

  // All threads' values joined, for each of them; `join` is commutative. In one order, whatever
  // else runs.
  template <typename T, class Join>
  __device__ T reduce(T value, Join join) const {
    const int lanes = size_ < 32 ? size_ : 32;
    for (int half = lanes / 2; half > 0; half /= 2) value = join(value, shuffled(value, half));
    if (size_ <= 32) return value;
    __shared__ T warps[32];
    __syncthreads();  // the values of the reduction before were read
    if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
    __syncthreads();
    value = warps[0];
    for (int warp = 1; warp < size_ / 32; ++warp) value = join(value, warps[warp]);
    return value;
  }

 private:
  template <typename T>
  __device__ static T shuffled(T value, int half) {
    static_assert(sizeof(T) % 4 == 0);
    uint32_t words[sizeof(T) / 4];
    memcpy(words, &value, sizeof value);
    for (uint32_t& word : words) word = __shfl_xor_sync(0xffffffffu, word, half);
    memcpy(&value, words, sizeof value);
    return value;
  }

  int size_;
};

// How many threads work on `elements` elements together.
inline int team_size(int64_t elements) {
  if (elements >= 2048) return kThreads;
  int size = 1;
  while (size < 32 && size < elements) size *= 2;
  return size;
}

}  // namespace tenon::cuda
