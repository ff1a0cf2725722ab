// Formulas that kernels on the host and on GPUs share.
#pragma once

#include <cstring>

// Marks what device code may call too; what is too large to be put where it is called.
#ifdef __CUDACC__
#define TENON_HOST_DEVICE __host__ __device__
#define TENON_OUTLINED __host__ __device__ __noinline__
#else
#define TENON_HOST_DEVICE
#define TENON_OUTLINED
#endif

namespace tenon::internal {

// std::bit_cast, which device code can't call.
template <typename To, typename From>
TENON_HOST_DEVICE inline To bits_as(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

}  // namespace tenon::internal
