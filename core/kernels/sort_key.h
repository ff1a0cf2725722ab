// Numbers that sort as values do: all backends sort them, so that all put equals, zeros and NaNs in
// the same order.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/kernels/host_device.h"
#include "core/kernels/scalar_ops.h"

namespace tenon::internal {

// A larger key for a larger value. Both zeros have one key; NaN is the smallest.
template <typename T>
TENON_HOST_DEVICE uint64_t sort_key(T value) {
  if constexpr (std::is_integral_v<T> && std::is_unsigned_v<T>) {
    return value;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ (uint64_t{1} << 63);
  } else {
    const auto number = static_cast<double>(static_cast<scalar::Compute<T>>(value));
    if (number != number) return 0;
    const double plain = number == 0 ? 0 : number;  // no -0
    uint64_t bits = 0;
    std::memcpy(&bits, &plain, sizeof bits);
    const bool negative = (bits >> 63) != 0;
    return negative ? ~bits : bits | (uint64_t{1} << 63);
  }
}

}  // namespace tenon::internal
