// Block functions for the signed dtypes of 32 and 64 bits and bool, compiled for each kind of
// processor.
#include "cpu_fallback/block_functions.h"

#include <cstring>

#include "core/kernels/kernel_arguments.h"
#include "cpu_fallback/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu_fallback/block_functions.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include "cpu_fallback/block_functions-inl.h"
#include "cpu_fallback/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {

template <class Op, typename T>
void vector_block(void* out, const void* a, const void*, const void*, size_t padded, size_t) {
  const hn::CappedTag<T, kBlockGroup> d;
  auto* to = static_cast<T*>(out);
  const auto* from = static_cast<const T*>(a);
  for (size_t i = 0; i < padded; i += hn::Lanes(d)) {
    hn::StoreU(Op()(d, hn::LoadU(d, from + i)), d, to + i);
  }
}

template <typename T>
BlockFunction transcendental(Primitive primitive) {
  switch (primitive) {
    case Primitive::kExp:
      return vector_block<VectorExp, T>;
    case Primitive::kExpm1:
      return vector_block<VectorExpm1, T>;
    case Primitive::kLog:
      return vector_block<VectorLog, T>;
    case Primitive::kLog1p:
      return vector_block<VectorLog1p, T>;
    case Primitive::kTanh:
      return vector_block<VectorTanh, T>;
    case Primitive::kSigmoid:
      return vector_block<VectorSigmoid, T>;
    case Primitive::kSin:
      return vector_block<VectorSinCos<true>, T>;
    case Primitive::kCos:
      return vector_block<VectorSinCos<false>, T>;
    default:
      return floating<T>(primitive);
  }
}

using CastTypes = internal::Types<float, double, int32_t, int64_t, bool>;

BlockFunction find_select(size_t bytes) {
  switch (bytes) {
    case 1:
      return select_block<uint8_t>;
    case 2:
      return select_block<uint16_t>;
    case 4:
      return select_block<uint32_t>;
    case 8:
      return select_block<uint64_t>;
    default:
      return nullptr;
  }
}

template <typename T>
void repeat(const void* element, void* out, size_t count) {
  T value;
  std::memcpy(&value, element, sizeof value);
  auto* to = static_cast<T*>(out);
  for (size_t i = 0; i < count; ++i) to[i] = value;
}

RepeatFunction find_repeat(size_t bytes) {
  return internal::for_word_size(bytes, [](auto* type) -> RepeatFunction {
    return repeat<std::remove_pointer_t<decltype(type)>>;
  });
}

BlockFunction find_wide(Primitive primitive, DType operand, DType result) {
  if (primitive == Primitive::kCast) return find_cast(CastTypes(), operand, result);
  if (primitive == Primitive::kSelect) return find_select(size_of(operand));
  if (operand == DType::bool_) return boolean(primitive);
  return for_dtype(WideNumbers(), operand, [&](auto* type) -> BlockFunction {
    using T = std::remove_pointer_t<decltype(type)>;
    if constexpr (std::is_floating_point_v<T>) {
      return transcendental<T>(primitive);
    } else {
      return arithmetic<T>(primitive);
    }
  });
}

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(find_wide);
HWY_EXPORT(find_repeat);

BlockFunction find_block_function(internal::Primitive primitive, DType operand, DType result) {
  const BlockFunction wide = HWY_DYNAMIC_DISPATCH(find_wide)(primitive, operand, result);
  return wide != nullptr ? wide : find_rare_block_function(primitive, operand, result);
}

RepeatFunction find_repeat_function(size_t bytes) {
  return HWY_DYNAMIC_DISPATCH(find_repeat)(bytes);
}

}  // namespace tenon::cpu
#endif
