// The kernel of all elementwise operations: a program, run block by block.
#include "cpu_fallback/elementwise_program.h"

namespace tenon::cpu {

using internal::Kernel;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;

namespace {

Kernel prepare_elementwise(const KernelRequest& request) {
  auto program = std::make_shared<const PreparedProgram>(request);
  return {.launch = [program](const Launch& args) { program->run(args); }};
}

}  // namespace

void register_elementwise(KernelRegistry& kernels) {
  // All inputs of an element are read before it is written.
  kernels.add(internal::kElementwiseOp, DType::invalid,
              {.prepare = prepare_elementwise, .in_place = {internal::kAnyInput}});
}

}  // namespace tenon::cpu
