// What the primitives of elementwise programs do with one element. Overflow of integers wraps.
//
// What throws on the host can't on a GPU: there an integer divided by zero is -1, the rest is the
// dividend (as XLA has it), and a negative power of an integer is truncated as the quotient is.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "core/base/check.h"
#include "core/kernels/host_device.h"
#include "core/tensor/half.h"

namespace tenon::internal::scalar {

template <typename T>
inline constexpr bool is_half = std::is_same_v<T, Half> || std::is_same_v<T, Bfloat16>;

// The type in which elements of type T are computed.
template <typename T>
using Compute = std::conditional_t<is_half<T>, float, T>;

template <typename T, typename F>
TENON_HOST_DEVICE T wrap(T a, T b, F f) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<decltype(a + b)>;
    return static_cast<T>(f(static_cast<U>(a), static_cast<U>(b)));
  } else {
    return f(a, b);
  }
}

// Whether one may divide by it. Throws on the host.
template <typename T>
TENON_HOST_DEVICE bool divides(T divisor) {
#ifdef __CUDA_ARCH__
  return divisor != 0;
#else
  require(divisor != 0, ErrorKind::bad_argument, "Integer division by zero");
  return true;
#endif
}

// Compilers warn where an unsigned number is compared with 0.
template <typename T>
TENON_HOST_DEVICE bool is_negative(T a) {
  if constexpr (std::is_unsigned_v<T>) {
    return false;
  } else {
    return a < 0;
  }
}

struct Negate {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    if constexpr (std::is_integral_v<T>) return wrap(T{0}, a, [](auto x, auto y) { return x - y; });
    return static_cast<T>(-a);
  }
};
struct Abs {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    if constexpr (std::is_floating_point_v<T>) return std::abs(a);
    return is_negative(a) ? Negate()(a) : a;
  }
};
struct Sign {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    if constexpr (std::is_floating_point_v<T>) {
      const T sign = a > 0 ? T{1} : a < 0 ? T{-1} : T{0};
      return a != a ? a : sign;
    } else {
      return static_cast<T>((a > 0) - is_negative(a));
    }
  }
};
struct Sqrt {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::sqrt(a);
  }
};
struct Rsqrt {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return 1 / std::sqrt(a);
  }
};
struct Reciprocal {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    if constexpr (std::is_integral_v<T>) {
      if (!divides(a)) return static_cast<T>(-1);
    }
    return static_cast<T>(1 / a);
  }
};
struct Erf {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::erf(a);
  }
};
struct Exp {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::exp(a);
  }
};
struct Expm1 {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::expm1(a);
  }
};
struct Log {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::log(a);
  }
};
struct Log1p {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::log1p(a);
  }
};
struct Tanh {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::tanh(a);
  }
};
struct Sigmoid {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    const T z = std::exp(-std::abs(a));
    return (a >= 0 ? T{1} : a != a ? a : z) / (1 + z);
  }
};
struct Sin {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::sin(a);
  }
};
struct Cos {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    return std::cos(a);
  }
};
struct Floor {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    if constexpr (std::is_integral_v<T>) return a;
    return static_cast<T>(std::floor(a));
  }
};
struct Ceil {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    if constexpr (std::is_integral_v<T>) return a;
    return static_cast<T>(std::ceil(a));
  }
};
struct Round {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a) const {
    if constexpr (std::is_integral_v<T>) return a;
    return static_cast<T>(std::rint(a));
  }
};

struct Add {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    return wrap(a, b, [](auto x, auto y) { return x + y; });
  }
};
struct Subtract {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    return wrap(a, b, [](auto x, auto y) { return x - y; });
  }
};
struct Multiply {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    return wrap(a, b, [](auto x, auto y) { return x * y; });
  }
};
struct Divide {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (!divides(b)) return static_cast<T>(-1);
      if constexpr (std::is_signed_v<T>) {
        if (b == -1) return Negate()(a);  // the least number has no negative: it would trap
      }
    }
    return static_cast<T>(a / b);
  }
};
struct TruncateMod {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (!divides(b)) return a;
      if constexpr (std::is_signed_v<T>) {
        if (b == -1) return 0;
      }
      return static_cast<T>(a % b);
    } else {
      return std::fmod(a, b);
    }
  }
};
struct FloorMod {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    const T rest = TruncateMod()(a, b);
    const bool turns = rest != 0 && is_negative(rest) != is_negative(b);
    return turns ? static_cast<T>(rest + b) : rest;
  }
};
struct FloorDivide {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
      if (!divides(b)) return static_cast<T>(-1);
      const T quotient = Divide()(a, b), rest = TruncateMod()(a, b);
      const bool turns = rest != 0 && is_negative(rest) != is_negative(b);
      return turns ? static_cast<T>(quotient - 1) : quotient;
    } else {
      return std::floor(a / b);
    }
  }
};
struct Maximum {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) return ((a > b) | (a != a)) ? a : b;
    return a > b ? a : b;
  }
};
struct Minimum {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) return ((a < b) | (a != a)) ? a : b;
    return a < b ? a : b;
  }
};
// A negative power of an integer that is neither 0 nor 1: of -1 by the exponent's last bit.
template <typename T>
TENON_HOST_DEVICE T minus_one_power(T a, T b) {
  if (std::is_unsigned_v<T> || a != static_cast<T>(-1)) return 0;
  return (b & 1) != 0 ? a : T{1};
}
struct Power {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>) {
#ifdef __CUDA_ARCH__
      if (is_negative(b))
        return a == 1 ? T{1} : a == 0 ? static_cast<T>(-1) : minus_one_power(a, b);
#else
      require(!is_negative(b), ErrorKind::bad_argument,
              "Integers to negative integer powers are not allowed");
#endif
      T result = 1;
      for (; b != 0; b = static_cast<T>(b >> 1), a = Multiply()(a, a)) {
        if ((b & 1) != 0) result = Multiply()(result, a);
      }
      return result;
    } else {
      return std::pow(a, b);
    }
  }
};
struct SquaredDifference {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T a, T b) const {
    const T difference = Subtract()(a, b);
    return Multiply()(difference, difference);
  }
};

// The primitives that answer with bool do so as the word that it is computed with, 0 or 1.
struct Equal {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a, T b) const {
    return a == b;
  }
};
struct NotEqual {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a, T b) const {
    return a != b;
  }
};
struct Less {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a, T b) const {
    return a < b;
  }
};
struct LessEqual {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a, T b) const {
    return a <= b;
  }
};
struct Greater {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a, T b) const {
    return a > b;
  }
};
struct GreaterEqual {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a, T b) const {
    return a >= b;
  }
};
struct And {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a, T b) const {
    return a != 0 && b != 0;
  }
};
struct Or {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a, T b) const {
    return a != 0 || b != 0;
  }
};
struct Not {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a) const {
    return a == 0;
  }
};
struct IsNan {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a) const {
    return a != a;
  }
};
struct IsFinite {
  template <typename T>
  TENON_HOST_DEVICE int32_t operator()(T a) const {
    constexpr T kLargest = std::numeric_limits<T>::max();
    return a <= kLargest && a >= -kLargest;
  }
};

// Element i of a range. Of float32 in float64, where the product is exact.
struct RangeElement {
  template <typename T>
  TENON_HOST_DEVICE T operator()(T start, T delta, int64_t i) const {
    if constexpr (std::is_integral_v<T>) {
      return Add()(start, Multiply()(static_cast<T>(i), delta));
    } else {
      return static_cast<T>(static_cast<double>(start) +
                            static_cast<double>(i) * static_cast<double>(delta));
    }
  }
};

// From one type of elements to another. Floating numbers that an integer type can't hold become
// its least number, as x86's conversions make them; NaN too. Of unsigned types these are 0 and, of
// uint64, 2^63; negative numbers wrap.
template <typename To, typename From>
TENON_HOST_DEVICE To cast(From from) {
  const auto value = static_cast<Compute<From>>(from);
  if constexpr (std::is_same_v<To, bool>) {
    return value != 0;
  } else if constexpr (is_half<To>) {
    return To(static_cast<float>(value));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<decltype(value)>) {
    // Through the signed type that holds all values, as C++ compilers for x86 do; of uint64, which
    // none does, the upper half less 2^63.
    constexpr bool kNarrow = sizeof(To) + (std::is_unsigned_v<To> ? 1 : 0) <= 4;
    using Wide = std::conditional_t<kNarrow, int32_t, int64_t>;
    using Real = std::remove_const_t<decltype(value)>;
    constexpr Real kEnd = static_cast<Real>(sizeof(Wide) == 4 ? 0x1p31 : 0x1p63);
    constexpr Wide kLeast = std::numeric_limits<Wide>::min();
    if constexpr (std::is_unsigned_v<To> && sizeof(To) == sizeof(Wide)) {
      const bool upper = (value >= kEnd) & (value < 2 * kEnd);
      const Real lower = upper ? value - kEnd : value;
      const bool fits = (lower >= -kEnd) & (lower < kEnd);
      const auto number = static_cast<To>(fits ? static_cast<Wide>(lower) : kLeast);
      return upper ? number ^ (To{1} << 63) : number;
    } else {
      const bool fits = (value >= -kEnd) & (value < kEnd);
      return static_cast<To>(fits ? static_cast<Wide>(value) : kLeast);
    }
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace tenon::internal::scalar
