// Softmax and LogSoftmax over the last axis.
#include "core/kernels/nn_arguments.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/row_softmax.h"

namespace tenon::cpu {
namespace {

template <typename T, bool kLog>
Kernel prepare_softmax(const KernelRequest& request) {
  const auto rows = internal::softmax_rows(request);
  using C = scalar::Compute<T>;
  return {.launch = [rows, softmax = RowSoftmax<T>()](const Launch& args) {
    for_rows(args, rows.count, rows.columns * 4, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* x = args.input<T>(0) + row * rows.columns;
        T* y = args.output<T>(0) + row * rows.columns;
        if constexpr (kLog) {
          const auto [max, sum] = softmax.run(x, rows.columns, [](int64_t, C) {});
          const C log_sum = static_cast<C>(std::log(sum)), shift = max;
          for (int64_t i = 0; i < rows.columns; ++i) {
            y[i] = static_cast<T>(static_cast<C>(x[i]) - shift - log_sum);
          }
        } else {
          const auto result =
              softmax.run(x, rows.columns, [y](int64_t i, C e) { y[i] = static_cast<T>(e); });
          const C scale = static_cast<C>(1 / result.sum);
          for (int64_t i = 0; i < rows.columns; ++i) {
            y[i] = static_cast<T>(static_cast<C>(y[i]) * scale);
          }
        }
      }
    });
  }};
}

template <typename T>
void add_softmax(KernelRegistry& kernels, DType dtype) {
  kernels.add("Softmax", dtype, prepare_softmax<T, false>);
  kernels.add("LogSoftmax", dtype, prepare_softmax<T, true>);
}

}  // namespace

void register_nn_softmax(KernelRegistry& kernels) {
  add_softmax<float>(kernels, float32);
  add_softmax<double>(kernels, float64);
  add_softmax<Half>(kernels, float16);
  add_softmax<Bfloat16>(kernels, bfloat16);
}

}  // namespace tenon::cpu
