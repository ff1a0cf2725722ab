#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {

void register_array_stack(KernelRegistry& kernels) {
  kernels.add("Pack", DType::invalid, prepare_copies<internal::plan_pack>);
  kernels.add("Unpack", DType::invalid, prepare_copies<internal::plan_unpack>);
}

}  // namespace tenon::cpu
