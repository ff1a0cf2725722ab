// Shape, Size and Rank of a tensor whose values nobody reads. (Reshape and its kin need no kernel.)
#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

struct SomeNumbers {
  static constexpr int kMost = 32;
  int64_t numbers[kMost];
};

// One thread a number.
template <typename T>
__global__ void write_numbers(SomeNumbers values, T* out, int count) {
  const int i = static_cast<int>(threadIdx.x);
  if (i < count) out[i] = static_cast<T>(values.numbers[i]);
}

template <typename T>
Kernel write_kernel(const std::vector<int64_t>& numbers) {
  return {.launch = [numbers](const Launch& args) {
    for (size_t first = 0; first < numbers.size(); first += SomeNumbers::kMost) {
      const size_t count = std::min<size_t>(SomeNumbers::kMost, numbers.size() - first);
      SomeNumbers values = {};
      std::copy_n(numbers.begin() + static_cast<std::ptrdiff_t>(first), count, values.numbers);
      write_numbers<T><<<1, SomeNumbers::kMost, 0, stream(args)>>>(
          values, args.output<T>(0) + first, static_cast<int>(count));
      check_launch("write_numbers");
    }
  }};
}

Kernel write_integers(const KernelRequest& request, const std::vector<int64_t>& numbers) {
  return request.output_dtype(0) == DType::int32 ? write_kernel<int32_t>(numbers)
                                                 : write_kernel<int64_t>(numbers);
}

Kernel prepare_shape(const KernelRequest& request) {
  const auto sizes = request.input_shape(0).sizes();
  return write_integers(request, {sizes.begin(), sizes.end()});
}

Kernel prepare_size(const KernelRequest& request) {
  return write_integers(request, {request.input_shape(0).element_count()});
}

Kernel prepare_rank(const KernelRequest& request) {
  return write_integers(request, {request.input_shape(0).rank()});
}

}  // namespace

void register_array_shape(KernelRegistry& kernels) {
  kernels.add("Shape", DType::invalid, prepare_shape);
  kernels.add("Size", DType::invalid, prepare_size);
  kernels.add("Rank", DType::invalid, prepare_rank);
}

}  // namespace tenon::cuda
