// What generated kernels need of the C++ library, which NVRTC hasn't: it is given to NVRTC as
// <cstdint>, which they include first, with <cmath>, <cstring>, <limits> and <type_traits> empty.
#pragma once

using int8_t = signed char;
using uint8_t = unsigned char;
using int16_t = short;
using uint16_t = unsigned short;
using int32_t = int;
using uint32_t = unsigned int;
using int64_t = long long;
using uint64_t = unsigned long long;
#define INT32_MAX 0x7fffffff

namespace std {

template <bool kFirst, typename A, typename B>
struct conditional {
  using type = A;
};
template <typename A, typename B>
struct conditional<false, A, B> {
  using type = B;
};
template <bool kFirst, typename A, typename B>
using conditional_t = typename conditional<kFirst, A, B>::type;

template <typename A, typename B>
inline constexpr bool is_same_v = false;
template <typename A>
inline constexpr bool is_same_v<A, A> = true;

template <typename T>
struct remove_const {
  using type = T;
};
template <typename T>
struct remove_const<const T> {
  using type = T;
};
template <typename T>
using remove_const_t = typename remove_const<T>::type;

template <typename T>
inline constexpr bool is_floating_point_v =
    is_same_v<remove_const_t<T>, float> || is_same_v<remove_const_t<T>, double>;

// Of the integers that elements have, and bool.
template <typename T>
struct integer {
  static constexpr bool known = false;
};
template <typename Signed, typename Unsigned, bool kSigned>
struct known_integer {
  static constexpr bool known = true, is_signed = kSigned;
  using unsigned_type = Unsigned;
};
template <>
struct integer<bool> : known_integer<bool, bool, false> {};
template <>
struct integer<int8_t> : known_integer<int8_t, uint8_t, true> {};
template <>
struct integer<uint8_t> : known_integer<int8_t, uint8_t, false> {};
template <>
struct integer<int16_t> : known_integer<int16_t, uint16_t, true> {};
template <>
struct integer<uint16_t> : known_integer<int16_t, uint16_t, false> {};
template <>
struct integer<int32_t> : known_integer<int32_t, uint32_t, true> {};
template <>
struct integer<uint32_t> : known_integer<int32_t, uint32_t, false> {};
template <>
struct integer<int64_t> : known_integer<int64_t, uint64_t, true> {};
template <>
struct integer<uint64_t> : known_integer<int64_t, uint64_t, false> {};

template <typename T>
inline constexpr bool is_integral_v = integer<remove_const_t<T>>::known;
template <typename T, bool kKnown>
struct signed_integer {
  static constexpr bool value = false;
};
template <typename T>
struct signed_integer<T, true> {
  static constexpr bool value = integer<T>::is_signed;
};
template <typename T>
inline constexpr bool is_signed_v =
    is_floating_point_v<T> || signed_integer<remove_const_t<T>, is_integral_v<T>>::value;
template <typename T>
inline constexpr bool is_unsigned_v = is_integral_v<T> && !is_signed_v<T>;
template <typename T>
using make_unsigned_t = typename integer<remove_const_t<T>>::unsigned_type;

template <typename T>
struct numeric_limits;
template <>
struct numeric_limits<int32_t> {
  static constexpr int32_t min() { return -0x7fffffff - 1; }
  static constexpr int32_t max() { return 0x7fffffff; }
};
template <>
struct numeric_limits<int64_t> {
  static constexpr int64_t min() { return -0x7fffffffffffffff - 1; }
  static constexpr int64_t max() { return 0x7fffffffffffffff; }
};
template <>
struct numeric_limits<float> {
  static constexpr float max() { return 0x1.fffffep127f; }
};
template <>
struct numeric_limits<double> {
  static constexpr double max() { return 0x1.fffffffffffffp1023; }
};

// CUDA's own functions, by the names of the C++ library.
inline float abs(float x) { return fabsf(x); }
inline double abs(double x) { return fabs(x); }
#define TENON_UNARY(name)                             \
  inline float name(float x) { return ::name##f(x); } \
  inline double name(double x) { return ::name(x); }
#define TENON_BINARY(name)                                        \
  inline float name(float x, float y) { return ::name##f(x, y); } \
  inline double name(double x, double y) { return ::name(x, y); }
TENON_UNARY(sqrt)
TENON_UNARY(exp)
TENON_UNARY(expm1)
TENON_UNARY(log)
TENON_UNARY(log1p)
TENON_UNARY(tanh)
TENON_UNARY(erf)
TENON_UNARY(erfc)
TENON_UNARY(sin)
TENON_UNARY(cos)
TENON_UNARY(floor)
TENON_UNARY(ceil)
TENON_UNARY(rint)
TENON_BINARY(pow)
TENON_BINARY(fmod)
#undef TENON_UNARY
#undef TENON_BINARY

}  // namespace std
