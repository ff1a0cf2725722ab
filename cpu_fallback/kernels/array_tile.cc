#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {
namespace {

// Each axis is two: which repetition, at stride 0, and where in the input.
Kernel prepare_tile(const KernelRequest& request) {
  const Shape& input = request.input_shape(0);
  const std::vector<int64_t> multiples = integers(request, 1);
  const std::vector<int64_t> from = row_major_strides(input);
  const std::vector<int64_t> to = row_major_strides(request.output_shape(0));
  std::vector<int64_t> sizes, from_strides, to_strides;
  for (size_t i = 0; i < multiples.size(); ++i) {
    const int64_t size = input[static_cast<int>(i)];
    sizes.insert(sizes.end(), {multiples[i], size});
    from_strides.insert(from_strides.end(), {0, from[i]});
    to_strides.insert(to_strides.end(), {size * to[i], to[i]});
  }
  return copy_kernel(request, 0, StridedCopy(sizes, from_strides, to_strides));
}

}  // namespace

void register_array_tile(KernelRegistry& kernels) {
  kernels.add("Tile", DType::invalid, prepare_tile);
}

}  // namespace tenon::cpu
