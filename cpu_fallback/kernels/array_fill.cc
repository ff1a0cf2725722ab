#include "core/kernels/scalar_ops.h"
#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

Kernel prepare_fill(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [size](const Launch& args) {
      std::fill_n(args.output<T>(0), size, *args.input<T>(1));
    }};
  });
}

// ZerosLike and OnesLike.
template <typename T, int value>
Kernel prepare_constant(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  return {.launch = [size](const Launch& args) {
    std::fill_n(args.output<T>(0), size, static_cast<T>(value));
  }};
}

template <typename T>
Kernel prepare_range(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  return {.launch = [size](const Launch& args) {
    const T start = *args.input<T>(0), delta = *args.input<T>(2);
    for (int64_t i = 0; i < size; ++i) {
      args.output<T>(0)[i] = internal::scalar::RangeElement()(start, delta, i);
    }
  }};
}

// The output seen as [outer, depth, inner]; an index outside of [0, depth) sets nothing.
template <typename Index>
Kernel prepare_one_hot_of(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const int axis = resolve_axis(request.attrs->get<int64_t>("axis"), output.rank());
  const AroundAxis around(output, axis);
  return for_element_size(request.output_dtype(0), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [around](const Launch& args) {
      T* out = args.output<T>(0);
      const Index* indices = args.input<Index>(0);
      std::fill_n(out, around.outer * around.size * around.inner, *args.input<T>(3));
      for (int64_t i = 0; i < around.outer * around.inner; ++i) {
        const auto hot = static_cast<int64_t>(indices[i]);
        if (hot < 0 || hot >= around.size) continue;
        out[(i / around.inner * around.size + hot) * around.inner + i % around.inner] =
            *args.input<T>(2);
      }
    }};
  });
}

Kernel prepare_one_hot(const KernelRequest& request) {
  switch (request.input_dtype(0)) {
    case DType::uint8:
      return prepare_one_hot_of<uint8_t>(request);
    case DType::int8:
      return prepare_one_hot_of<int8_t>(request);
    case DType::int32:
      return prepare_one_hot_of<int32_t>(request);
    default:
      return prepare_one_hot_of<int64_t>(request);
  }
}

}  // namespace

void register_array_fill(KernelRegistry& kernels) {
  kernels.add("Fill", DType::invalid, prepare_fill);
  kernels.add("OneHot", DType::invalid, prepare_one_hot);
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("ZerosLike", dtype_of<T>, prepare_constant<T, 0>);
    kernels.add("OnesLike", dtype_of<T>, prepare_constant<T, 1>);
  });
  kernels.add("ZerosLike", bool_, prepare_constant<bool, 0>);
  kernels.add("OnesLike", bool_, prepare_constant<bool, 1>);
  kernels.add("ZerosLike", float16, prepare_constant<Half, 0>);
  kernels.add("OnesLike", float16, prepare_constant<Half, 1>);
  kernels.add("ZerosLike", bfloat16, prepare_constant<Bfloat16, 0>);
  kernels.add("OnesLike", bfloat16, prepare_constant<Bfloat16, 1>);
  for_types(Types<float, double, int32_t, int64_t>(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("Range", dtype_of<T>, prepare_range<T>);
  });
}

}  // namespace tenon::cpu
