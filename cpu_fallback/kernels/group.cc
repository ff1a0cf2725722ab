// The kernel of a GroupProgram, for emulated GPUs: its parts one after the other.
#include "core/backend/groups.h"

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
  const auto computes_alike = [](const internal::ElementwiseProgram& a,
                                 const internal::ElementwiseProgram& b) {
    return a.inputs == b.inputs && a.outputs == b.outputs &&
           a.instructions.size() == b.instructions.size();
  };
  return computes_alike(*program.parts.front().program, *program.parts.back().program);
}

Kernel prepare_group(const KernelRequest& request) {
  struct Part {
    std::shared_ptr<const PreparedProgram> program;
    size_t inputs, outputs;  // how many
  };
  std::vector<Part> parts;
  for (const GroupProgram::Part& part : request.group->parts) {
    parts.push_back({std::make_shared<const PreparedProgram>(part.request),
                     part.request.inputs.size(), part.request.outputs.size()});
  }
  return {.launch = [parts](const Launch& args) {
    Launch one = args;
    for (const Part& part : parts) {
      part.program->run(one);
      one.inputs += part.inputs;
      one.outputs += part.outputs;
    }
  }};
}

}  // namespace

void register_group(KernelRegistry& kernels) {
  kernels.add(internal::kGroupOp, DType::invalid,
              {.prepare = prepare_group, .takes_group = takes_group});
}

}  // namespace tenon::cpu
