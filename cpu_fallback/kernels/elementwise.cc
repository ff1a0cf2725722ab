// The kernel of all elementwise operations: a program, run block by block.
#include "cpu_fallback/elementwise_program.h"

namespace tenon::cpu {

using internal::KernelRegistry;

void register_elementwise(KernelRegistry& kernels) {
  // All inputs of an element are read before it is written.
  kernels.add(internal::kElementwiseOp, DType::invalid,
              {.prepare = PreparedProgram::kernel, .in_place = {internal::kAnyInput}});
}

}  // namespace tenon::cpu
