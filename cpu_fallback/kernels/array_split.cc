#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {

void register_array_split(KernelRegistry& kernels) {
  kernels.add("Split", DType::invalid, prepare_copies<internal::plan_split>);
  kernels.add("SplitV", DType::invalid, prepare_copies<internal::plan_split_v>);
}

}  // namespace tenon::cpu
