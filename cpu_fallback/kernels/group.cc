// The kernel of a GroupProgram, for emulated GPUs: its parts one after the other.
#include "core/backend/groups.h"

#include <algorithm>

#include "cpu_fallback/elementwise_program.h"

namespace tenon::cpu {

using internal::GroupProgram;
using internal::Kernel;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;

namespace {

// As a GPU, for which they are one kernel: the same but for numbers and sizes.
bool takes_group(const GroupProgram& program) {
  const internal::ElementwiseProgram &first = *program.parts.front().program,
                                     &last = *program.parts.back().program;
  using Instruction = internal::ElementwiseProgram::Instruction;
  return first.inputs == last.inputs && first.outputs == last.outputs &&
         std::equal(first.instructions.begin(), first.instructions.end(), last.instructions.begin(),
                    last.instructions.end(), [](const Instruction& x, const Instruction& y) {
                      return x.primitive == y.primitive && x.operand_dtype == y.operand_dtype &&
                             x.dtype == y.dtype && x.a == y.a && x.b == y.b && x.c == y.c;
                    });
}

Kernel prepare_group(const KernelRequest& request) {
  return {.launch = internal::launch_in_turn(*request.group, PreparedProgram::kernel)};
}

}  // namespace

void register_group(KernelRegistry& kernels) {
  kernels.add(internal::kGroupOp, DType::invalid,
              {.prepare = prepare_group, .takes_group = takes_group});
}

}  // namespace tenon::cpu
