// Threads of a block that work on one thing together. For .cu files and generated kernels.
#pragma once

#include <cstdint>

#include "core/kernels/host_device.h"
#include "cuda/team_size.h"

namespace tenon::cuda {

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

}  // namespace tenon::cuda
