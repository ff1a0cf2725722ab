// The kernel of a GroupProgram, whose parts have one source: compiled while the program runs. Until
// that is ready, and where nothing can be compiled, the parts are interpreted one after the other.
#include "core/backend/groups.h"

#include "cuda/cuda_device.h"
#include "cuda/generated_launch.h"
#include "cuda/generated_source.h"
#include "cuda/interpreted_loop.h"

namespace tenon::cuda {

using internal::GroupProgram;
using internal::Kernel;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;

namespace {

// Whether the last part has the source of the first, and the parameter has room for it. What can't
// be prepared says so as an operation of its own.
bool takes_group(const GroupProgram& program) try {
  const PreparedTape first(program.parts.front().request), last(program.parts.back().request);
  const size_t size = GeneratedArguments(first).size();
  return program.parts.size() <= GroupArguments::most_parts(size) &&
         generated_source(first).text == generated_source(last).text;
} catch (const Error&) {
  return false;
}

Kernel prepare_group(const KernelRequest& request) {
  std::vector<PreparedTape> tapes;
  for (const GroupProgram::Part& part : request.group->parts) tapes.emplace_back(part.request);
  return generated_or({.launch = internal::launch_in_turn(*request.group, interpreted_elementwise)},
                      CudaDevice::of(request).compile_options(),
                      [&] { return generated_group(tapes); });
}

}  // namespace

void register_group(KernelRegistry& kernels) {
  kernels.add(internal::kGroupOp, DType::invalid,
              {.prepare = prepare_group, .takes_group = takes_group});
}

}  // namespace tenon::cuda
