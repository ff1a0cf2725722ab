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

template <typename To>
BlockFunction cast_to(DType from) {
  switch (from) {
    case DType::float32:
      return cast_block<To, float>;
    case DType::float64:
      return cast_block<To, double>;
    case DType::int8:
      return cast_block<To, int8_t>;
    case DType::uint8:
      return cast_block<To, uint8_t>;
    case DType::int16:
      return cast_block<To, int16_t>;
    case DType::uint16:
      return cast_block<To, uint16_t>;
    case DType::int32:
      return cast_block<To, int32_t>;
    case DType::uint32:
      return cast_block<To, uint32_t>;
    case DType::int64:
      return cast_block<To, int64_t>;
    case DType::uint64:
      return cast_block<To, uint64_t>;
    case DType::bool_:
      return cast_block<To, bool>;
    case DType::float16:
      return cast_block<To, Half>;
    case DType::bfloat16:
      return cast_block<To, Bfloat16>;
    default:
      return nullptr;
  }
}

BlockFunction find_cast(DType from, DType to) {
  switch (to) {
    case DType::float32:
      return cast_to<float>(from);
    case DType::float64:
      return cast_to<double>(from);
    case DType::int8:
      return cast_to<int8_t>(from);
    case DType::uint8:
      return cast_to<uint8_t>(from);
    case DType::int16:
      return cast_to<int16_t>(from);
    case DType::uint16:
      return cast_to<uint16_t>(from);
    case DType::int32:
      return cast_to<int32_t>(from);
    case DType::uint32:
      return cast_to<uint32_t>(from);
    case DType::int64:
      return cast_to<int64_t>(from);
    case DType::uint64:
      return cast_to<uint64_t>(from);
    case DType::bool_:
      return cast_to<bool>(from);
    case DType::float16:
      return cast_to<Half>(from);
    case DType::bfloat16:
      return cast_to<Bfloat16>(from);
    default:
      return nullptr;
  }
}

}  // namespace

BlockFunction find_rare_block_function(Primitive primitive, DType operand, DType result) {
  if (primitive == Primitive::kCast) return find_cast(operand, result);
  switch (operand) {
    case DType::int8:
      return arithmetic<int8_t>(primitive);
    case DType::uint8:
      return arithmetic<uint8_t>(primitive);
    case DType::int16:
      return arithmetic<int16_t>(primitive);
    case DType::uint16:
      return arithmetic<uint16_t>(primitive);
    case DType::uint32:
      return arithmetic<uint32_t>(primitive);
    case DType::uint64:
      return arithmetic<uint64_t>(primitive);
    case DType::float16:
      return half<Half>(primitive);
    case DType::bfloat16:
      return half<Bfloat16>(primitive);
    default:
      return nullptr;
  }
}

}  // namespace tenon::cpu
