// Reductions of the dtypes of 8 and 16 bits and the unsigned ones of 32 and 64.
#include "cpu_fallback/reduce_functions-inl.h"

namespace tenon::cpu {

ReduceFunctions find_rare_reduce_functions(Reduce reduce, DType dtype) {
  using namespace HWY_NAMESPACE;
  return find_number_functions(RareNumbers(), reduce, dtype);
}

}  // namespace tenon::cpu
