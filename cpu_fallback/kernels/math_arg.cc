// ArgMax and ArgMin along an axis: the first of equals; NaN is passed over.
#include "core/base/check.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {
namespace {

template <typename T, bool kMax, typename Index>
Kernel prepare_arg_as(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const int axis = resolve_axis(integer(request, 1), shape.rank());
  const AroundAxis around(shape, axis);
  require(around.size > 0 || around.outer * around.inner == 0, ErrorKind::bad_argument,
          "Reduction axis ", axis, " is empty in shape ", shape);
  return {.launch = [around](const Launch& args) {
    using C = scalar::Compute<T>;
    const T* x = args.input<T>(0);
    Index* out = args.output<Index>(0);
    for_rows(args, around.outer, around.size * around.inner, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin * around.inner; i < end * around.inner; ++i) {
        const T* at = x + i / around.inner * around.size * around.inner + i % around.inner;
        int64_t best = 0;
        C best_value = static_cast<C>(at[0]);
        for (int64_t j = 1; j < around.size; ++j) {
          const C value = static_cast<C>(at[j * around.inner]);
          const bool better = (kMax ? value > best_value : value < best_value) ||
                              (best_value != best_value && value == value);
          if (!better) continue;
          best = j;
          best_value = value;
        }
        out[i] = static_cast<Index>(best);
      }
    });
  }};
}

template <typename T, bool kMax>
Kernel prepare_arg(const KernelRequest& request) {
  return request.output_dtype(0) == DType::int32 ? prepare_arg_as<T, kMax, int32_t>(request)
                                                 : prepare_arg_as<T, kMax, int64_t>(request);
}

template <typename T>
void add_arg(KernelRegistry& kernels, DType dtype) {
  kernels.add("ArgMax", dtype, prepare_arg<T, true>);
  kernels.add("ArgMin", dtype, prepare_arg<T, false>);
}

}  // namespace

void register_math_arg(KernelRegistry& kernels) {
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add_arg<T>(kernels, dtype_of<T>);
  });
  add_arg<bool>(kernels, bool_);
  add_arg<Half>(kernels, float16);
  add_arg<Bfloat16>(kernels, bfloat16);
}

}  // namespace tenon::cpu
