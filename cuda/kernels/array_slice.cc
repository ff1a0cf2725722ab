#include "cuda/strided_copy.h"

namespace tenon::cuda {

void register_array_slice(internal::KernelRegistry& kernels) {
  kernels.add("Slice", DType::invalid, prepare_copies<internal::plan_slice>);
  kernels.add("StridedSlice", DType::invalid, prepare_copies<internal::plan_strided_slice>);
  kernels.add("StridedSliceGrad", DType::invalid,
              prepare_copies<internal::plan_strided_slice_grad>);
  for (const char* op : {"StridedSliceAssign", "ResourceStridedSliceAssign"}) {
    kernels.add(op, DType::invalid, prepare_copies<internal::plan_strided_slice_assign>);
  }
}

}  // namespace tenon::cuda
