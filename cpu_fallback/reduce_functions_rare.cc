// Reductions of the dtypes of 8 and 16 bits and the unsigned ones of 32 and 64.
#include "cpu_fallback/reduce_functions-inl.h"

namespace tenon::cpu {

ReduceFunctions find_rare_reduce_functions(Reduce reduce, DType dtype) {
  using namespace HWY_NAMESPACE;
  switch (dtype) {
    case DType::int8:
      return number_functions<int8_t>(reduce);
    case DType::uint8:
      return number_functions<uint8_t>(reduce);
    case DType::int16:
      return number_functions<int16_t>(reduce);
    case DType::uint16:
      return number_functions<uint16_t>(reduce);
    case DType::uint32:
      return number_functions<uint32_t>(reduce);
    case DType::uint64:
      return number_functions<uint64_t>(reduce);
    case DType::float16:
      return number_functions<Half>(reduce);
    case DType::bfloat16:
      return number_functions<Bfloat16>(reduce);
    default:
      return {};
  }
}

}  // namespace tenon::cpu
