// Shape, Size and Rank of a tensor whose values nobody reads. (Reshape and its kin need no kernel.)
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

Kernel write_integers(const KernelRequest& request, const std::vector<int64_t>& numbers) {
  const bool narrow = request.output_dtype(0) == DType::int32;
  return {.launch = [narrow, numbers](const Launch& args) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (narrow) {
        args.output<int32_t>(0)[i] = static_cast<int32_t>(numbers[i]);
      } else {
        args.output<int64_t>(0)[i] = numbers[i];
      }
    }
  }};
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

}  // namespace tenon::cpu
