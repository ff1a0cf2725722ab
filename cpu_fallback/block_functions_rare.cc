// Block functions for the dtypes of 8 and 16 bits and the unsigned ones of 32 and 64, and casts
// from and to them.
#include "cpu_fallback/block_functions-inl.h"

namespace tenon::cpu {

using namespace HWY_NAMESPACE;

namespace {

template <typename T>
BlockFunction half(Primitive primitive) {
  switch (primitive) {
    case Primitive::kExp:
      return unary_block<scalar::Exp, T>;
    case Primitive::kExpm1:
      return unary_block<scalar::Expm1, T>;
    case Primitive::kLog:
      return unary_block<scalar::Log, T>;
    case Primitive::kLog1p:
      return unary_block<scalar::Log1p, T>;
    case Primitive::kTanh:
      return unary_block<scalar::Tanh, T>;
    case Primitive::kSigmoid:
      return unary_block<scalar::Sigmoid, T>;
    case Primitive::kSin:
      return unary_block<scalar::Sin, T>;
    case Primitive::kCos:
      return unary_block<scalar::Cos, T>;
    default:
      return floating<T>(primitive);
  }
}

using AllTypes = internal::Types<float, double, int8_t, uint8_t, int16_t, uint16_t, int32_t,
                                 uint32_t, int64_t, uint64_t, bool, Half, Bfloat16>;

}  // namespace

BlockFunction find_rare_block_function(Primitive primitive, DType operand, DType result) {
  if (primitive == Primitive::kCast) return find_cast(AllTypes(), operand, result);
  return for_dtype(RareNumbers(), operand, [&](auto* type) -> BlockFunction {
    using T = std::remove_pointer_t<decltype(type)>;
    if constexpr (scalar::is_half<T>) {
      return half<T>(primitive);
    } else {
      return arithmetic<T>(primitive);
    }
  });
}

}  // namespace tenon::cpu
