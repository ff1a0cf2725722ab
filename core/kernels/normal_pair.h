// Normally distributed numbers from evenly distributed ones, on the CPU.
#pragma once

#include <array>
#include <cmath>

namespace tenon::internal {

// Two of a normal distribution from two of [0, 1) (Box and Muller).
template <typename T>
std::array<T, 2> normal_pair(T u, T v) {
  constexpr T kSmallest = static_cast<T>(1.0e-7);
  constexpr double kPi = 3.14159265358979323846;
  if (u < kSmallest) u = kSmallest;
  const T angle = static_cast<T>(2.0 * kPi * static_cast<double>(v));
  const T radius = std::sqrt(T{-2} * std::log(u));
  return {std::sin(angle) * radius, std::cos(angle) * radius};
}

}  // namespace tenon::internal
