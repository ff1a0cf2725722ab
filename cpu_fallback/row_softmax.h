// exp(x - max) over a row, what softmax and its losses are made of.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "cpu_fallback/block_functions.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {

template <typename T>
class RowSoftmax {
 public:
  using Compute = scalar::Compute<T>;
  RowSoftmax()
      : exp_(find_block_function(internal::Primitive::kExp, dtype_of<Compute>, dtype_of<Compute>)) {
  }

  struct Result {
    Compute max;
    double sum;  // of exp(x - max)
  };
  // Calls each(i, exp(x[i] - max)) in order.
  template <typename F>
  Result run(const T* x, int64_t count, F each) const {
    Result result = {.max = -std::numeric_limits<Compute>::infinity(), .sum = 0};
    for (int64_t i = 0; i < count; ++i) {
      result.max = scalar::Maximum()(result.max, static_cast<Compute>(x[i]));
    }
    constexpr int64_t kBlock = 256;
    alignas(64) Compute block[kBlock];
    for (int64_t begin = 0; begin < count; begin += kBlock) {
      const int64_t size = std::min(kBlock, count - begin);
      const auto padded = static_cast<int64_t>((static_cast<size_t>(size) + kBlockGroup - 1) /
                                               kBlockGroup * kBlockGroup);
      for (int64_t i = 0; i < size; ++i) {
        block[i] = static_cast<Compute>(x[begin + i]) - result.max;
      }
      std::fill(block + size, block + padded, Compute{0});
      exp_(block, block, nullptr, nullptr, static_cast<size_t>(padded), static_cast<size_t>(size));
      for (int64_t i = 0; i < size; ++i) {
        result.sum += static_cast<double>(block[i]);
        each(begin + i, block[i]);
      }
    }
    return result;
  }

 private:
  BlockFunction exp_;
};

}  // namespace tenon::cpu
