// What the source of a generated kernel that goes row by row begins with (row_source.h).
#pragma once

#include "cuda/generated/support.h"
#include "cuda/team.h"

namespace tenon::cuda::generated {

template <typename T>
__device__ inline T element(const void* from, int64_t index) {
  return static_cast<const T*>(from)[index];
}

// Elements `first`, `first` + `apart`, ... of a row: neighbouring threads take neighbouring ones.
template <typename T, int kWidth>
__device__ inline Vector<T, kWidth> load_apart(const void* from, int64_t first, int64_t apart) {
  Vector<T, kWidth> values;
#pragma unroll
  for (int k = 0; k < kWidth; ++k) values[k] = static_cast<const T*>(from)[first + k * apart];
  return values;
}
template <typename T, int kWidth>
__device__ inline Vector<T, kWidth> gather_apart(const void* from, const Offsets& offsets,
                                                 int64_t first, int64_t apart) {
  Vector<T, kWidth> values;
#pragma unroll
  for (int k = 0; k < kWidth; ++k) {
    values[k] = static_cast<const T*>(from)[offsets(first + k * apart)];
  }
  return values;
}
template <typename T, int kWidth>
__device__ inline void store_apart(void* to, int64_t first, int64_t apart,
                                   const Vector<T, kWidth>& values) {
#pragma unroll
  for (int k = 0; k < kWidth; ++k) static_cast<T*>(to)[first + k * apart] = values[k];
}

// Calls compute(Width<w>(), first) for the elements of a row that this thread of the team takes, in
// order: those that lie a team's size apart, w of them at once.
template <int kWidth, class Compute>
__device__ inline void for_row(const Team& team, int64_t length, Compute compute) {
  const int64_t apart = team.size();
  int64_t at = team.rank();
  if constexpr (kWidth > 1) {
    for (; at + (kWidth - 1) * apart < length; at += kWidth * apart) compute(Width<kWidth>(), at);
  }
  for (; at < length; at += apart) compute(Width<1>(), at);
}

}  // namespace tenon::cuda::generated
