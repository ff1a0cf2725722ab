// Reductions of the signed dtypes of 32 and 64 bits and bool, compiled for each kind of processor.
#include "cpu_fallback/reduce_functions.h"

#include "cpu_fallback/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu_fallback/reduce_functions.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
//
#include "cpu_fallback/reduce_functions-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu::HWY_NAMESPACE {

ReduceFunctions find_wide_reduce(Reduce reduce, DType dtype) {
  if (dtype == DType::bool_) return bool_functions(reduce);
  return find_number_functions(WideNumbers(), reduce, dtype);
}

}  // namespace tenon::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu {

HWY_EXPORT(find_wide_reduce);

ReduceFunctions find_reduce_functions(Reduce reduce, DType dtype) {
  const ReduceFunctions wide = HWY_DYNAMIC_DISPATCH(find_wide_reduce)(reduce, dtype);
  return wide.row != nullptr ? wide : find_rare_reduce_functions(reduce, dtype);
}

}  // namespace tenon::cpu
#endif
