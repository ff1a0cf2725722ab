// Select, TensorFlow 1's: the condition is of the shape of the values, a scalar, or a vector that
// chooses among their rows.
#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

template <typename T>
__global__ void select(const bool* condition, const T* yes, const T* no, T* out, int64_t size,
                       Divider row) {
  for (int64_t i = first_index(); i < size; i += grid_size()) {
    out[i] = condition[row.divide(i)] ? yes[i] : no[i];
  }
}

Kernel prepare_select(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  const Divider row(internal::elements_a_condition(request), size);
  return internal::for_word_size(size_of(request.output_dtype(0)), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [size, row](const Launch& args) {
      launch_1d("select", args, size, select<T>, args.input<bool>(0), args.input<T>(1),
                args.input<T>(2), args.output<T>(0), size, row);
    }};
  });
}

}  // namespace

void register_math_select(KernelRegistry& kernels) {
  kernels.add("Select", DType::invalid, prepare_select);
}

}  // namespace tenon::cuda
