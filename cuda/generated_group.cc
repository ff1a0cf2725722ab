#include "cuda/generated_group.h"

#include "cuda/cuda_queue.h"
#include "cuda/status.h"

namespace tenon::cuda {

GeneratedGroup::GeneratedGroup(const std::vector<PreparedTape>& tapes, int capability) {
  if (!can_generate()) return;
  const GeneratedSource source = group_source(tapes[0]);
  arguments_ = std::make_unique<const GroupArguments>(tapes, source.width);
  kernel_ = generated_kernel(source.text, capability);
}

bool GeneratedGroup::launch(const internal::Launch& args) const {
  const void* function = kernel_ == nullptr ? nullptr : kernel_->function();
  if (function == nullptr) return false;
  alignas(8) KernelParameter::Bytes bytes;
  arguments_->write(args.inputs, args.outputs, bytes.data());
  void* parameters[] = {bytes.data()};
  check(cudaLaunchKernel(function, arguments_->blocks(), kGeneratedThreads, parameters, 0,
                         stream(args)),
        "cudaLaunchKernel");
  return true;
}

}  // namespace tenon::cuda
