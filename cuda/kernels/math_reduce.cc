// Sum, Mean, Prod, Max, Min, Any, All over any axes, and L2Loss.
#include "cuda/reduction.h"

namespace tenon::cuda {

using internal::Kernel;
using internal::KernelRegistry;
using internal::KernelRequest;

namespace {

template <Reduce kReduce>
Kernel prepare_reduce(const KernelRequest& request) {
  return reduction_kernel(kReduce, request.input_dtype(0), request.input_shape(0),
                          internal::named_axes(request));
}

Kernel prepare_l2_loss(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const std::vector<bool> all(static_cast<size_t>(shape.rank()), true);
  return reduction_kernel(Reduce::kHalfSquares, request.input_dtype(0), shape, all);
}

}  // namespace

void register_math_reduce(KernelRegistry& kernels) {
  for (const DType dtype : {float32, float64, int32, int64, float16, bfloat16, int8, uint8, int16,
                            uint16, uint32, uint64}) {
    kernels.add("Sum", dtype, prepare_reduce<Reduce::kSum>);
    kernels.add("Mean", dtype, prepare_reduce<Reduce::kMean>);
    kernels.add("Prod", dtype, prepare_reduce<Reduce::kProd>);
    kernels.add("Max", dtype, prepare_reduce<Reduce::kMax>);
    kernels.add("Min", dtype, prepare_reduce<Reduce::kMin>);
  }
  for (const DType dtype : {float32, float64, float16, bfloat16}) {
    kernels.add("L2Loss", dtype, prepare_l2_loss);
  }
  kernels.add("Any", DType::invalid, prepare_reduce<Reduce::kAny>);
  kernels.add("All", DType::invalid, prepare_reduce<Reduce::kAll>);
}

}  // namespace tenon::cuda
