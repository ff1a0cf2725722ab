#include "cuda/kernel_support.h"
#include "cuda/strided_copy.h"

namespace tenon::cuda {
namespace {

Kernel prepare_transpose(const KernelRequest& request) {
  const internal::MatrixTranspose matrices = internal::as_matrix_transpose(request);
  if (matrices.batch == 0) return prepare_copies<internal::plan_transpose>(request);
  const size_t bytes = size_of(request.output_dtype(0));
  return {.launch = [matrices, bytes](const Launch& args) {
    transpose_matrices(stream(args), matrices, bytes, args.inputs[0], args.outputs[0]);
  }};
}

// A number out of range is passed over; of one that stands twice the last place counts; a number
// that is missing leaves -1. (The CPU throws: a launch can't.)
template <typename T, typename Word>
__global__ void invert(const T* x, T* y, int64_t size) {
  for (int64_t i = first_index(); i < size; i += grid_size()) {
    const int64_t at = x[i];
    if (at < 0 || at >= size) continue;
    atomicMax(reinterpret_cast<Word*>(y + at), static_cast<Word>(i));  // in any order alike
  }
}

template <typename T, typename Word>
Kernel prepare_invert_permutation(const KernelRequest& request) {
  const int64_t size = request.input_shape(0).element_count();
  return {.launch = [size](const Launch& args) {
    if (size == 0) return;
    check(
        cudaMemsetAsync(args.outputs[0], 0xff, static_cast<size_t>(size) * sizeof(T), stream(args)),
        "cudaMemsetAsync");
    launch_1d("invert", args, size, invert<T, Word>, args.input<T>(0), args.output<T>(0), size);
  }};
}

}  // namespace

void register_array_transpose(KernelRegistry& kernels) {
  kernels.add("Transpose", DType::invalid, prepare_transpose);
  kernels.add("InvertPermutation", int32, prepare_invert_permutation<int32_t, int>);
  kernels.add("InvertPermutation", int64, prepare_invert_permutation<int64_t, long long>);
}

}  // namespace tenon::cuda
