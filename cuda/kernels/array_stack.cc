#include "cuda/strided_copy.h"

namespace tenon::cuda {

void register_array_stack(internal::KernelRegistry& kernels) {
  kernels.add("Pack", DType::invalid, prepare_copies<internal::plan_pack>);
  kernels.add("Unpack", DType::invalid, prepare_copies<internal::plan_unpack>);
}

}  // namespace tenon::cuda
