#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {

void register_array_tile(KernelRegistry& kernels) {
  kernels.add("Tile", DType::invalid, prepare_copies<internal::plan_tile>);
}

}  // namespace tenon::cpu
