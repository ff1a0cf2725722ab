// Element types of tensors. Names and numbers are TensorFlow's (types.proto).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "tenon/export.h"

namespace tenon {

enum class DType : uint8_t {
  invalid = 0,
  float32 = 1,
  float64 = 2,
  int32 = 3,
  uint8 = 4,
  int16 = 5,
  int8 = 6,
  string = 7,  // std::string elements, in host memory only
  int64 = 9,
  bool_ = 10,
  bfloat16 = 14,
  uint16 = 17,
  float16 = 19,
  resource = 20,  // a handle to a variable; never holds values
  uint32 = 22,
  uint64 = 23,
};

inline constexpr DType float16 = DType::float16;
inline constexpr DType bfloat16 = DType::bfloat16;
inline constexpr DType float32 = DType::float32;
inline constexpr DType float64 = DType::float64;
inline constexpr DType int8 = DType::int8;
inline constexpr DType uint8 = DType::uint8;
inline constexpr DType int16 = DType::int16;
inline constexpr DType uint16 = DType::uint16;
inline constexpr DType int32 = DType::int32;
inline constexpr DType uint32 = DType::uint32;
inline constexpr DType int64 = DType::int64;
inline constexpr DType uint64 = DType::uint64;
inline constexpr DType bool_ = DType::bool_;
inline constexpr DType string = DType::string;

// Bytes of one element; 0 for invalid and resource.
TENON_API size_t size_of(DType dtype) noexcept;

// "float32", "bool", ...
TENON_API std::string_view to_string(DType dtype) noexcept;

// The dtype of that name ("float32", "bool", ...). Throws TypeError (bad_argument) for another.
TENON_API DType dtype_from_string(std::string_view name);

TENON_API bool is_floating(DType dtype) noexcept;
TENON_API bool is_integer(DType dtype) noexcept;  // signed and unsigned, without bool

TENON_API std::ostream& operator<<(std::ostream& out, DType dtype);

// The dtype whose elements are T.
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::int8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::uint8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::int16;
};
template <>
struct DTypeOf<uint16_t> {
  static constexpr DType value = DType::uint16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::int32;
};
template <>
struct DTypeOf<uint32_t> {
  static constexpr DType value = DType::uint32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::int64;
};
template <>
struct DTypeOf<long long> {  // int64_t is long on LP64; both are 64 bits
  static constexpr DType value = DType::int64;
};
template <>
struct DTypeOf<uint64_t> {
  static constexpr DType value = DType::uint64;
};
template <>
struct DTypeOf<unsigned long long> {
  static constexpr DType value = DType::uint64;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::bool_;
};
template <>
struct DTypeOf<std::string> {
  static constexpr DType value = DType::string;
};

template <typename T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

// Types that can be elements of a tensor.
template <typename T>
concept Element = requires {
  DTypeOf<T>::value;
};

}  // namespace tenon
