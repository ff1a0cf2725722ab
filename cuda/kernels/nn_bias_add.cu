// BiasAdd: a bias for each channel, the last axis (NHWC) or the second (NCHW); and its gradient.
#include "core/kernels/nn_arguments.h"
#include "cuda/kernel_support.h"
#include "cuda/reduction.h"

namespace tenon::cuda {
namespace {

template <typename T>
__global__ void bias_add(const T* value, const T* bias, T* out, int64_t size, Divider inner,
                         Divider channels) {
  for (int64_t i = first_index(); i < size; i += grid_size()) {
    const int64_t channel = channels.rest(inner.divide(i));
    out[i] = static_cast<T>(scalar::Add()(widened(value[i]), widened(bias[channel])));
  }
}

template <typename T>
Kernel prepare_bias_add(const KernelRequest& request) {
  const AroundAxis around = internal::around_channels(request);
  const int64_t size = request.output_shape(0).element_count();
  const Divider inner(around.inner, size), channels(around.size, size);
  return {.launch = [=](const Launch& args) {
    launch_1d("bias_add", args, size, bias_add<T>, args.input<T>(0), args.input<T>(1),
              args.output<T>(0), size, inner, channels);
  }};
}

Kernel prepare_bias_add_grad(const KernelRequest& request) {
  return reduction_kernel(Reduce::kSum, request.input_dtype(0), request.input_shape(0),
                          internal::axes_without_channels(request));
}

}  // namespace

void register_nn_bias_add(KernelRegistry& kernels) {
  for_types(AllNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("BiasAdd", kDType<T>, prepare_bias_add<T>);
    kernels.add("BiasAddGrad", kDType<T>, prepare_bias_add_grad);
  });
}

}  // namespace tenon::cuda
