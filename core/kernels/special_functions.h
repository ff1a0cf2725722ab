// Special functions of one element: the error function's kin, the gamma function's, and the zeta
// function. Where the C++ library has none they are computed in float64.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/kernels/host_device.h"

namespace tenon::internal::scalar {

inline constexpr double kPi = 3.14159265358979323846, kSqrt2 = 1.41421356237309504880;
inline constexpr double kInverseSqrtPi = 0.56418958354775628695;
inline constexpr int kNewtonSteps = 5;

TENON_HOST_DEVICE inline double infinity() { return bits_as<double>(uint64_t{0x7ff0000000000000}); }
TENON_HOST_DEVICE inline double not_a_number() {
  return bits_as<double>(uint64_t{0x7ff8000000000000});
}

// t with erf(t) = x, for |x| <= 1/2: Newton's steps from the series' beginning.
TENON_OUTLINED inline double inverse_erf_inside(double x) {
  double t = x / (2 * kInverseSqrtPi);
  t += t * t * t / 3;
  for (int i = 0; i < kNewtonSteps; ++i) {
    t -= (std::erf(t) - x) / (2 * kInverseSqrtPi * std::exp(-t * t));
  }
  return t;
}

// t with erfc(t) = q, for 0 < q <= 1/2: Newton's steps on logarithms, which are concave, so that
// they end wherever they begin.
TENON_OUTLINED inline double inverse_erfc_outside(double q) {
  double t = std::sqrt(-std::log(q));
  const double nearer = -std::log(q) - std::log(t / kInverseSqrtPi);
  if (nearer > 1) t = std::sqrt(nearer);
  for (int i = 0; i < kNewtonSteps; ++i) {
    const double at = std::erfc(t);
    t += std::log(at / q) * at / (2 * kInverseSqrtPi * std::exp(-t * t));
  }
  return t;
}

struct Erfc {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::erfc(a);
  }
};

struct Erfinv {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    const auto x = static_cast<double>(a);
    const double size = x < 0 ? -x : x;
    if (!(size <= 1)) return static_cast<T>(not_a_number());
    if (size <= 0.5) return static_cast<T>(inverse_erf_inside(x));
    const double t = size == 1 ? infinity() : inverse_erfc_outside(1 - size);
    return static_cast<T>(x < 0 ? -t : t);
  }
};

// The normal distribution's quantiles.
struct Ndtri {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    const auto p = static_cast<double>(a);
    if (!(p >= 0 && p <= 1)) return static_cast<T>(not_a_number());
    if (p == 0 || p == 1) return static_cast<T>(p == 0 ? -infinity() : infinity());
    if (p >= 0.25 && p <= 0.75) return static_cast<T>(kSqrt2 * inverse_erf_inside(2 * p - 1));
    const double t = kSqrt2 * inverse_erfc_outside(2 * (p < 0.5 ? p : 1 - p));
    return static_cast<T>(p < 0.5 ? -t : t);
  }
};

// The logarithm of the gamma function's absolute value.
struct Lgamma {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
#ifdef __CUDA_ARCH__
    return static_cast<T>(::lgamma(static_cast<double>(a)));  // float's is coarse near its zeros
#else
    int sign = 0;  // std::lgamma keeps it in a global variable
    if constexpr (sizeof(T) == sizeof(float)) return ::lgammaf_r(a, &sign);
    return static_cast<T>(::lgamma_r(static_cast<double>(a), &sign));
#endif
  }
};

// The derivative of log gamma for x > 0: from far out, where few terms of its series suffice.
TENON_OUTLINED inline double positive_digamma(double x) {
  constexpr double kTerms[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                               1.0 / 132, -691.0 / 32760, 1.0 / 12};
  double nearer = 0;
  for (; x < 10; x += 1) nearer += 1 / x;
  const double square = 1 / (x * x);
  double series = 0, power = square;
  for (const double term : kTerms) {
    series += term * power;
    power *= square;
  }
  return std::log(x) - 0.5 / x - series - nearer;
}

struct Digamma {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    const auto x = static_cast<double>(a);
    if (x != x || x == infinity()) return a;
    if (x > 0) return static_cast<T>(positive_digamma(x));
    const double rest = x - std::rint(x);
    if (rest == 0 || x == -infinity()) return static_cast<T>(not_a_number());
    // Reflected; the tangent of the rest alone, which is exact.
    const double cotangent = std::cos(kPi * rest) / std::sin(kPi * rest);
    return static_cast<T>(positive_digamma(1 - x) - kPi * cotangent);
  }
};

// The sum of (q + k)^-s over all k from 0 on, for s > 1: some terms, then Euler's and Maclaurin's
// formula for the others.
TENON_OUTLINED inline double hurwitz_zeta(double s, double q) {
  // B(2j) / (2j)!
  constexpr double kTerms[] = {1.0 / 12,          -1.0 / 720,
                               1.0 / 30240,       -1.0 / 1209600,
                               1.0 / 47900160,    -691.0 / 1307674368000,
                               1.0 / 74724249600, -3617.0 / 10670622842880000};
  double sum = 0;
  for (int k = 0; k < 10 || q <= 10; ++k, q += 1) {
    const double term = std::pow(q, -s);
    sum += term;
    const double size = term < 0 ? -term : term, all = sum < 0 ? -sum : sum;
    if (q > 0 && size < 1e-17 * all) return sum;
  }
  double power = std::pow(q, -s);
  sum += power * q / (s - 1) + 0.5 * power;
  double factor = s;
  power /= q;
  for (int j = 0; j < 8; ++j) {
    sum += kTerms[j] * factor * power;
    factor *= (s + 2 * j + 1) * (s + 2 * j + 2);
    power /= q * q;
  }
  return sum;
}

struct Zeta {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    const auto s = static_cast<double>(a), q = static_cast<double>(b);
    if (s == 1) return static_cast<T>(infinity());
    if (!(s > 1) || q != q) return static_cast<T>(not_a_number());
    if (q <= 0) {
      if (q == std::floor(q)) return static_cast<T>(infinity());
      if (s != std::floor(s)) return static_cast<T>(not_a_number());
    }
    if (q == infinity()) return 0;
    if (s == infinity()) return static_cast<T>(q > 1 ? 0 : q == 1 ? 1 : infinity());
    return static_cast<T>(hurwitz_zeta(s, q));
  }
};

}  // namespace tenon::internal::scalar
