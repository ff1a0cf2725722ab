#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

Kernel prepare_transpose(const KernelRequest& request) {
  const std::vector<int64_t> strides = row_major_strides(request.input_shape(0));
  const Shape& output = request.output_shape(0);
  std::vector<int64_t> from;
  for (const int64_t axis : integers(request, 1)) {
    from.push_back(strides[static_cast<size_t>(resolve_axis(axis, output.rank()))]);
  }
  const auto sizes = output.sizes();
  return copy_kernel(request, 0,
                     StridedCopy({sizes.begin(), sizes.end()}, from, row_major_strides(output)));
}

template <typename T>
Kernel prepare_invert_permutation(const KernelRequest& request) {
  const int64_t size = request.input_shape(0).element_count();
  return {.launch = [size](const Launch& args) {
    const T* x = args.input<T>(0);
    T* y = args.output<T>(0);
    std::fill(y, y + size, T{-1});
    for (int64_t i = 0; i < size; ++i) {
      require(x[i] >= 0 && x[i] < size && y[x[i]] == T{-1}, ErrorKind::bad_argument, x[i],
              " is not in [0, ", size, ") or stands twice in the permutation");
      y[x[i]] = static_cast<T>(i);
    }
  }};
}

}  // namespace

void register_array_transpose(KernelRegistry& kernels) {
  kernels.add("Transpose", DType::invalid, prepare_transpose);
  kernels.add("InvertPermutation", int32, prepare_invert_permutation<int32_t>);
  kernels.add("InvertPermutation", int64, prepare_invert_permutation<int64_t>);
}

}  // namespace tenon::cpu
