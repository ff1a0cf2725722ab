#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

// Its input is known when planning: so is how many elements are true.
template <typename T>
Kernel prepare_where(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  return {.launch = [shape, strides = row_major_strides(shape)](const Launch& args) {
    const T* condition = args.input<T>(0);
    int64_t* out = args.output<int64_t>(0);
    for (int64_t i = 0, size = shape.element_count(); i < size; ++i) {
      if (condition[i] == T{}) continue;
      for (int axis = 0; axis < shape.rank(); ++axis) {
        *out++ = i / strides[static_cast<size_t>(axis)] % shape[axis];
      }
    }
  }};
}

}  // namespace

void register_array_where(KernelRegistry& kernels) {
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("Where", dtype_of<T>, prepare_where<T>);
  });
  kernels.add("Where", bool_, prepare_where<bool>);
}

}  // namespace tenon::cpu
