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
#include "cuda/team.h"

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
using internal::UsualNumbers;
namespace scalar = internal::scalar;
using scalar::Compute;

using Half = __half;
using Bfloat16 = __nv_bfloat16;
using AllFloats = Types<float, double, Half, Bfloat16>;
using AllUsualNumbers =
    Types<float, double, int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t, Half, Bfloat16>;
using AllNumbers = Types<float, double, int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t,
                         uint32_t, uint64_t, Half, Bfloat16>;

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

inline constexpr int kThreads = kTeamThreads;    // of a block, unless a kernel says otherwise
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

}  // namespace tenon::cuda
