// Index arithmetic: divisions by sizes that are known when a kernel is prepared.
#pragma once

#include <cstdint>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/kernels/host_device.h"

namespace tenon::cuda {

// Divides numbers in [0, limit] by one divisor: by a multiplication where they fit 31 bits.
class Divider {
 public:
  Divider() = default;
  Divider(int64_t divisor, int64_t limit) : divisor_(divisor < 1 ? 1 : divisor) {
    small_ = limit <= INT32_MAX && divisor_ <= INT32_MAX;
    if (!small_) return;
    while ((int64_t{1} << shift_) < divisor_) ++shift_;
    const auto by = static_cast<uint64_t>(divisor_);
    magic_ = static_cast<uint32_t>((uint64_t{1} << 32) * ((uint64_t{1} << shift_) - by) / by + 1);
  }

  TENON_HOST_DEVICE int64_t divide(int64_t number) const {
    if (!small_) return number / divisor_;
    const auto n = static_cast<uint32_t>(number);
    const uint32_t high = static_cast<uint32_t>((uint64_t{n} * magic_) >> 32);
    return static_cast<int64_t>((uint64_t{high} + n) >> shift_);
  }
  // Leaves the rest in `number` and returns the quotient.
  TENON_HOST_DEVICE int64_t split(int64_t& number) const {
    const int64_t quotient = divide(number);
    number -= quotient * divisor_;
    return quotient;
  }
  TENON_HOST_DEVICE int64_t rest(int64_t number) const {
    return number - divide(number) * divisor_;
  }
  TENON_HOST_DEVICE int64_t divisor() const { return divisor_; }

 private:
  int64_t divisor_ = 1;
  uint32_t magic_ = 1, shift_ = 0;
  bool small_ = true;
};

inline constexpr int kMostAxes = 16;

// Turns the number of an element into an offset: axis by axis, the innermost first.
struct Offsets {
  int axes = 0;
  Divider sizes[kMostAxes];
  int64_t strides[kMostAxes] = {};

#ifndef __CUDACC_RTC__  // which compiles no host code
  // `limit` is the largest number of an element. Throws UnimplementedError beyond kMostAxes.
  void add(int64_t size, int64_t stride, int64_t limit) {
    internal::require<UnimplementedError>(axes < kMostAxes, ErrorKind::no_kernel,
                                          "The GPU's kernels take tensors of at most ", kMostAxes,
                                          " axes that can't be joined");
    sizes[axes] = Divider(size, limit);
    strides[axes++] = stride;
  }
#endif
  TENON_HOST_DEVICE int64_t operator()(int64_t index) const {
    int64_t offset = 0;
#ifdef __CUDA_ARCH__
#pragma unroll 1  // few axes, long code
#endif
    for (int i = 0; i + 1 < axes; ++i) {
      const int64_t outer = sizes[i].split(index);
      offset += index * strides[i];
      index = outer;
    }
    return axes == 0 ? 0 : offset + index * strides[axes - 1];
  }
};

}  // namespace tenon::cuda
