// Cumsum, Cumprod and _Recurrence along an axis. Floating numbers of 32 bits and less are summed in
// double.
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {
namespace {

template <typename T, bool kProduct>
Kernel prepare_scan(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const bool exclusive = request.attrs->get_or("exclusive", false);
  const bool reverse = request.attrs->get_or("reverse", false);
  if (shape.rank() == 0) {  // a scalar has no axis: it is its own sum
    return {.launch = [exclusive](const Launch& args) {
      using C = scalar::Compute<T>;
      *args.output<T>(0) = exclusive ? static_cast<T>(C{kProduct ? 1 : 0}) : *args.input<T>(0);
    }};
  }
  const AroundAxis around(shape, resolve_axis(integer(request, 1), shape.rank()));
  return {.launch = [around, exclusive, reverse](const Launch& args) {
    using Sum = std::conditional_t<std::is_integral_v<T>, T, double>;
    const T* x = args.input<T>(0);
    T* y = args.output<T>(0);
    for_rows(args, around.outer * around.inner, around.size, [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        int64_t at = line / around.inner * around.size * around.inner + line % around.inner;
        if (reverse) at += (around.size - 1) * around.inner;
        const int64_t step = reverse ? -around.inner : around.inner;
        Sum sum = kProduct ? 1 : 0;
        for (int64_t i = 0; i < around.size; ++i, at += step) {
          const auto value = static_cast<Sum>(static_cast<scalar::Compute<T>>(x[at]));
          if (exclusive) y[at] = scalar::cast<T>(sum);
          sum = kProduct ? scalar::Multiply()(sum, value) : scalar::Add()(sum, value);
          if (!exclusive) y[at] = scalar::cast<T>(sum);
        }
      }
    });
  }};
}

// y[0] = 0, y[i + 1] = b[i] + x[i] * y[i] along the axis.
template <typename T>
Kernel prepare_recurrence(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const bool reverse = request.attrs->get_or("reverse", false);
  if (shape.rank() == 0) {
    return {.launch = [](const Launch& args) { *args.output<T>(0) = T{}; }};
  }
  const AroundAxis around(shape, resolve_axis(integer(request, 2), shape.rank()));
  return {.launch = [around, reverse](const Launch& args) {
    using C = scalar::Compute<T>;
    const T *x = args.input<T>(0), *b = args.input<T>(1);
    T* y = args.output<T>(0);
    for_rows(args, around.outer * around.inner, around.size, [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        int64_t at = line / around.inner * around.size * around.inner + line % around.inner;
        if (reverse) at += (around.size - 1) * around.inner;
        const int64_t step = reverse ? -around.inner : around.inner;
        double sum = 0;
        for (int64_t i = 0; i < around.size; ++i, at += step) {
          const auto factor = static_cast<double>(static_cast<C>(x[at])),
                     more = static_cast<double>(static_cast<C>(b[at]));
          y[at] = scalar::cast<T>(sum);
          sum = more + factor * sum;
        }
      }
    });
  }};
}

template <typename T>
void add_scan(KernelRegistry& kernels, DType dtype) {
  kernels.add("Cumsum", dtype, prepare_scan<T, false>);
  kernels.add("Cumprod", dtype, prepare_scan<T, true>);
}

}  // namespace

void register_math_scan(KernelRegistry& kernels) {
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add_scan<T>(kernels, dtype_of<T>);
  });
  add_scan<Half>(kernels, float16);
  add_scan<Bfloat16>(kernels, bfloat16);
  kernels.add("_Recurrence", float32, prepare_recurrence<float>);
  kernels.add("_Recurrence", float64, prepare_recurrence<double>);
  kernels.add("_Recurrence", float16, prepare_recurrence<Half>);
  kernels.add("_Recurrence", bfloat16, prepare_recurrence<Bfloat16>);
}

}  // namespace tenon::cpu
