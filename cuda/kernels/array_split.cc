#include "cuda/strided_copy.h"

namespace tenon::cuda {

void register_array_split(internal::KernelRegistry& kernels) {
  kernels.add("Split", DType::invalid, prepare_copies<internal::plan_split>);
  kernels.add("SplitV", DType::invalid, prepare_copies<internal::plan_split_v>);
}

}  // namespace tenon::cuda
