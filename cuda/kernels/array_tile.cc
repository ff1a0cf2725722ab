#include "cuda/strided_copy.h"

namespace tenon::cuda {

void register_array_tile(internal::KernelRegistry& kernels) {
  kernels.add("Tile", DType::invalid, prepare_copies<internal::plan_tile>);
}

}  // namespace tenon::cuda
