// BroadcastTo, and _SumTo, which undoes it in gradients.
#include "cuda/reduction.h"
#include "cuda/strided_copy.h"

namespace tenon::cuda {
namespace {

internal::Kernel prepare_sum_to(const internal::KernelRequest& request) {
  const Shape &from = request.input_shape(0), &to = request.output_shape(0);
  return reduction_kernel(Reduce::kSum, request.input_dtype(0), from,
                          internal::broadcast_axes(from, to));
}

}  // namespace

void register_math_broadcast(internal::KernelRegistry& kernels) {
  for (const DType dtype : {float32, float64, int32, int64, float16, bfloat16, int8, uint8, int16,
                            uint16, uint32, uint64}) {
    kernels.add("_SumTo", dtype, prepare_sum_to);
  }
  kernels.add("BroadcastTo", DType::invalid, prepare_copies<internal::plan_broadcast>);
}

}  // namespace tenon::cuda
