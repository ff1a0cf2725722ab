// BiasAdd: a bias for each channel, the last axis (NHWC) or the second (NCHW); and its gradient.
#include "core/kernels/nn_arguments.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/reduction.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {
namespace {

template <typename T>
Kernel prepare_bias_add(const KernelRequest& request) {
  const AroundAxis around = internal::around_channels(request);
  return {.launch = [around](const Launch& args) {
    const T *value = args.input<T>(0), *bias = args.input<T>(1);
    T* out = args.output<T>(0);
    using C = scalar::Compute<T>;
    const auto add = [](T a, T b) {
      return static_cast<T>(scalar::Add()(static_cast<C>(a), static_cast<C>(b)));
    };
    for_rows(args, around.outer, around.size * around.inner, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t at = row * around.size * around.inner;
        if (around.inner == 1) {
          for (int64_t c = 0; c < around.size; ++c) out[at + c] = add(value[at + c], bias[c]);
          continue;
        }
        for (int64_t i = 0; i < around.size * around.inner; ++i) {
          out[at + i] = add(value[at + i], bias[i / around.inner]);
        }
      }
    });
  }};
}

Kernel prepare_bias_add_grad(const KernelRequest& request) {
  return Reduction::kernel(Reduction(Reduce::kSum, request.input_dtype(0), request.input_shape(0),
                                     internal::axes_without_channels(request)));
}

template <typename T>
void add_bias_add(KernelRegistry& kernels, DType dtype) {
  kernels.add("BiasAdd", dtype, prepare_bias_add<T>);
  kernels.add("BiasAddGrad", dtype, prepare_bias_add_grad);
}

}  // namespace

void register_nn_bias_add(KernelRegistry& kernels) {
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add_bias_add<T>(kernels, dtype_of<T>);
  });
  add_bias_add<Half>(kernels, float16);
  add_bias_add<Bfloat16>(kernels, bfloat16);
}

}  // namespace tenon::cpu
