// The loops behind block functions, written over scalar operations: the compiler turns those of
// simple arithmetic into vector code for whichever processor it compiles for.
#if defined(TENON_BLOCK_FUNCTIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_BLOCK_FUNCTIONS_INL_H_
#undef TENON_BLOCK_FUNCTIONS_INL_H_
#else
#define TENON_BLOCK_FUNCTIONS_INL_H_
#endif

#include "cpu_fallback/block_functions.h"
#include "cpu_fallback/dtype_lists.h"
#include "cpu_fallback/scalar.h"
#include "cpu_fallback/simd_targets.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {

using internal::Primitive;

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<To, From>)
    return value;
  else
    return static_cast<To>(value);
}

template <class Op, typename T>
void unary_block(void* out, const void* a, const void*, const void*, size_t padded, size_t) {
  auto* to = static_cast<T*>(out);
  const auto* from = static_cast<const T*>(a);
  TENON_INDEPENDENT
  for (size_t i = 0; i < padded; ++i) {
    to[i] = convert<T>(Op()(convert<scalar::Compute<T>>(from[i])));
  }
}

template <class Op, typename T>
void binary_block(void* out, const void* a, const void* b, const void*, size_t padded, size_t) {
  auto* to = static_cast<T*>(out);
  const auto *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  using C = scalar::Compute<T>;
  TENON_INDEPENDENT
  for (size_t i = 0; i < padded; ++i) to[i] = convert<T>(Op()(convert<C>(x[i]), convert<C>(y[i])));
}

// Of operations that are slow, one element at a time: those beyond the block's repeat the last.
template <typename T>
void repeat_last(void* out, size_t padded, size_t count) {
  auto* to = static_cast<T*>(out);
  for (size_t i = count; i < padded; ++i) to[i] = to[count - 1];
}
template <class Op, typename T>
void slow_unary_block(void* out, const void* a, const void* b, const void* c, size_t padded,
                      size_t count) {
  unary_block<Op, T>(out, a, b, c, count, count);
  repeat_last<T>(out, padded, count);
}
template <class Op, typename T>
void slow_binary_block(void* out, const void* a, const void* b, const void* c, size_t padded,
                       size_t count) {
  binary_block<Op, T>(out, a, b, c, count, count);
  repeat_last<T>(out, padded, count);
}

struct Equal {
  template <typename T>
  bool operator()(T a, T b) const {
    return a == b;
  }
};
struct NotEqual {
  template <typename T>
  bool operator()(T a, T b) const {
    return a != b;
  }
};
struct Less {
  template <typename T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};
struct LessEqual {
  template <typename T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};
struct LogicalAnd {
  bool operator()(bool a, bool b) const { return a & b; }
};
struct LogicalOr {
  bool operator()(bool a, bool b) const { return a | b; }
};

template <class Op, typename T>
void compare_block(void* out, const void* a, const void* b, const void*, size_t padded, size_t) {
  auto* to = static_cast<bool*>(out);
  const auto *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  using C = scalar::Compute<T>;
  TENON_INDEPENDENT
  for (size_t i = 0; i < padded; ++i) to[i] = Op()(convert<C>(x[i]), convert<C>(y[i]));
}
template <class Op, typename T>
void swapped_compare_block(void* out, const void* a, const void* b, const void* c, size_t padded,
                           size_t count) {
  compare_block<Op, T>(out, b, a, c, padded, count);
}

template <typename T, bool kFinite>
void classify_block(void* out, const void* a, const void*, const void*, size_t padded, size_t) {
  auto* to = static_cast<bool*>(out);
  const auto* from = static_cast<const T*>(a);
  using C = scalar::Compute<T>;
  TENON_INDEPENDENT
  for (size_t i = 0; i < padded; ++i) {
    const C x = convert<C>(from[i]);
    to[i] = kFinite ? std::abs(x) <= std::numeric_limits<C>::max() : x != x;
  }
}

inline void not_block(void* out, const void* a, const void*, const void*, size_t padded, size_t) {
  auto* to = static_cast<bool*>(out);
  const auto* from = static_cast<const bool*>(a);
  TENON_INDEPENDENT
  for (size_t i = 0; i < padded; ++i) to[i] = !from[i];
}

// Chooses among values of any type of this many bytes; by masks, since the choice of which to load
// keeps compilers from making vectors of it.
template <typename Bits>
void select_block(void* out, const void* a, const void* b, const void* c, size_t padded, size_t) {
  auto* to = static_cast<Bits*>(out);
  const auto* condition = static_cast<const bool*>(a);
  const auto *x = static_cast<const Bits*>(b), *y = static_cast<const Bits*>(c);
  TENON_INDEPENDENT
  for (size_t i = 0; i < padded; ++i) {
    const Bits mask = static_cast<Bits>(0 - static_cast<Bits>(condition[i]));
    to[i] = static_cast<Bits>((x[i] & mask) | (y[i] & ~mask));
  }
}

template <typename To, typename From>
void cast_block(void* out, const void* a, const void*, const void*, size_t padded, size_t) {
  auto* to = static_cast<To*>(out);
  const auto* from = static_cast<const From*>(a);
  TENON_INDEPENDENT
  for (size_t i = 0; i < padded; ++i) to[i] = scalar::cast<To>(from[i]);
}

// From and to the types of a list.
template <class Types>
BlockFunction find_cast(Types types, DType from, DType to) {
  return for_dtype(types, to, [&](auto* made) {
    using To = std::remove_pointer_t<decltype(made)>;
    return for_dtype(types, from, [](auto* given) -> BlockFunction {
      return cast_block<To, std::remove_pointer_t<decltype(given)>>;
    });
  });
}

template <typename T>
BlockFunction of_bits(Primitive primitive) {
  using namespace scalar;
  switch (primitive) {
    case Primitive::kBitwiseAnd:
      return binary_block<BitwiseAnd, T>;
    case Primitive::kBitwiseOr:
      return binary_block<BitwiseOr, T>;
    case Primitive::kBitwiseXor:
      return binary_block<BitwiseXor, T>;
    case Primitive::kLeftShift:
      return binary_block<LeftShift, T>;
    case Primitive::kRightShift:
      return binary_block<RightShift, T>;
    default:
      return nullptr;
  }
}

template <typename T>
BlockFunction arithmetic(Primitive primitive) {
  constexpr bool kInteger = std::is_integral_v<T>;
  using namespace scalar;
  switch (primitive) {
    case Primitive::kNegate:
      return unary_block<Negate, T>;
    case Primitive::kAbs:
      return unary_block<Abs, T>;
    case Primitive::kSign:
      return unary_block<Sign, T>;
    case Primitive::kFloor:
      return unary_block<Floor, T>;
    case Primitive::kCeil:
      return unary_block<Ceil, T>;
    case Primitive::kRound:
      return unary_block<Round, T>;
    case Primitive::kAdd:
      return binary_block<Add, T>;
    case Primitive::kSubtract:
      return binary_block<Subtract, T>;
    case Primitive::kMultiply:
      return binary_block<Multiply, T>;
    case Primitive::kMaximum:
      return binary_block<Maximum, T>;
    case Primitive::kMinimum:
      return binary_block<Minimum, T>;
    case Primitive::kSquaredDifference:
      return binary_block<SquaredDifference, T>;
    case Primitive::kEqual:
      return compare_block<Equal, T>;
    case Primitive::kNotEqual:
      return compare_block<NotEqual, T>;
    case Primitive::kLess:
      return compare_block<Less, T>;
    case Primitive::kLessEqual:
      return compare_block<LessEqual, T>;
    case Primitive::kGreater:
      return swapped_compare_block<Less, T>;
    case Primitive::kGreaterEqual:
      return swapped_compare_block<LessEqual, T>;
    case Primitive::kReciprocal:
      return kInteger ? slow_unary_block<Reciprocal, T> : unary_block<Reciprocal, T>;
    case Primitive::kDivide:
      return kInteger ? slow_binary_block<Divide, T> : binary_block<Divide, T>;
    case Primitive::kFloorDivide:
      return slow_binary_block<FloorDivide, T>;
    case Primitive::kFloorMod:
      return slow_binary_block<FloorMod, T>;
    case Primitive::kTruncateMod:
      return slow_binary_block<TruncateMod, T>;
    case Primitive::kPower:
      return slow_binary_block<Power, T>;
    default:
      if constexpr (kInteger) return of_bits<T>(primitive);
      return nullptr;
  }
}

template <typename T>
BlockFunction floating(Primitive primitive) {
  using namespace scalar;
  switch (primitive) {
    case Primitive::kSqrt:
      return unary_block<Sqrt, T>;
    case Primitive::kRsqrt:
      return unary_block<Rsqrt, T>;
    case Primitive::kErf:
      return slow_unary_block<Erf, T>;
    case Primitive::kErfc:
      return slow_unary_block<Erfc, T>;
    case Primitive::kErfinv:
      return slow_unary_block<Erfinv, T>;
    case Primitive::kNdtri:
      return slow_unary_block<Ndtri, T>;
    case Primitive::kLgamma:
      return slow_unary_block<Lgamma, T>;
    case Primitive::kDigamma:
      return slow_unary_block<Digamma, T>;
    case Primitive::kZeta:
      return slow_binary_block<Zeta, T>;
    case Primitive::kIsFinite:
      return classify_block<T, true>;
    case Primitive::kIsNan:
      return classify_block<T, false>;
    default:
      return arithmetic<T>(primitive);
  }
}

inline BlockFunction boolean(Primitive primitive) {
  switch (primitive) {
    case Primitive::kLogicalNot:
      return not_block;
    case Primitive::kLogicalAnd:
      return compare_block<LogicalAnd, bool>;
    case Primitive::kLogicalOr:
      return compare_block<LogicalOr, bool>;
    case Primitive::kEqual:
      return compare_block<Equal, bool>;
    case Primitive::kNotEqual:
      return compare_block<NotEqual, bool>;
    default:
      return nullptr;
  }
}

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TENON_BLOCK_FUNCTIONS_INL_H_
