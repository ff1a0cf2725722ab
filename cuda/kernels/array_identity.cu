// CheckNumerics: a copy, if all numbers are finite. (Identity and its kin need no kernel.)
//
// Its error is what it is for, so that the launch waits for the answer, as no other launch does:
// it is kept out of captured graphs.
#include "cuda/typed_access.h"

namespace tenon::cuda {
namespace {

constexpr unsigned kInfinite = 1, kNan = 2;

__global__ void find_abnormal(const void* x, DType dtype, int64_t size, unsigned* found) {
  for (int64_t i = first_index(); i < size; i += grid_size()) {
    const auto value = load_as<double>(dtype, x, i);
    if (value != value) {
      atomicOr(found, kNan);  // in any order alike
    } else if (fabs(value) > 1.7976931348623157e308) {
      atomicOr(found, kInfinite);
    }
  }
}

Kernel prepare_check_numerics(const KernelRequest& request) {
  const int64_t size = request.input_shape(0).element_count();
  const DType dtype = request.input_dtype(0);
  const auto message = request.attrs->get_or<std::string>("message", "");
  return {.workspace_bytes = sizeof(unsigned), .launch = [=](const Launch& args) {
            if (size == 0) return;
            auto* found = static_cast<unsigned*>(args.workspace);
            const cudaStream_t on = stream(args);
            check(cudaMemsetAsync(found, 0, sizeof *found, on), "cudaMemsetAsync");
            launch_1d("find_abnormal", args, size, find_abnormal, args.inputs[0], dtype, size,
                      found);
            unsigned answer = 0;
            check(cudaMemcpyAsync(&answer, found, sizeof answer, cudaMemcpyDeviceToHost, on),
                  "cudaMemcpyAsync");
            check(cudaStreamSynchronize(on), "cudaStreamSynchronize");
            require(answer == 0, ErrorKind::bad_argument, message, " : Tensor had ",
                    answer == (kInfinite | kNan) ? "Inf and NaN"
                    : answer == kInfinite        ? "Inf"
                                                 : "NaN",
                    " values");
            if (args.outputs[0] == args.inputs[0]) return;
            check(cudaMemcpyAsync(args.outputs[0], args.inputs[0],
                                  static_cast<size_t>(size) * size_of(dtype),
                                  cudaMemcpyDeviceToDevice, on),
                  "cudaMemcpyAsync");
          }};
}

}  // namespace

void register_array_identity(KernelRegistry& kernels) {
  for (const DType dtype : {float32, float64, float16, bfloat16}) {
    kernels.add("CheckNumerics", dtype, {.prepare = prepare_check_numerics, .recordable = false});
  }
}

}  // namespace tenon::cuda
