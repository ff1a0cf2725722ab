#include "cuda/generated_loop.h"

#include <algorithm>

#include "cuda/cuda_queue.h"
#include "cuda/status.h"

namespace tenon::cuda {
namespace {

constexpr int64_t kMostBlocks = 1 << 14;  // a thread then does more than one thing

}  // namespace

GeneratedLoop::GeneratedLoop(const PreparedTape& tape, int capability)
    : arguments_(tape), count_(tape.count) {
  if (!arguments_.fit() || !can_generate()) return;
  const GeneratedSource source = generated_source(tape);
  width_ = source.width;
  kernel_ = generated_kernel(source.text, capability);
}

bool GeneratedLoop::launch(const internal::Launch& args) const {
  const void* function = kernel_ == nullptr ? nullptr : kernel_->function();
  if (function == nullptr) return false;
  alignas(8) GeneratedArguments::Bytes bytes;
  arguments_.write(args.inputs, args.outputs, bytes.data());
  void* parameters[] = {bytes.data()};
  const int64_t in_a_block = int64_t{kGeneratedThreads} * width_;
  const int64_t blocks = std::min((count_ + in_a_block - 1) / in_a_block, kMostBlocks);
  check(cudaLaunchKernel(function, static_cast<unsigned>(blocks), kGeneratedThreads, parameters, 0,
                         stream(args)),
        "cudaLaunchKernel");
  return true;
}

}  // namespace tenon::cuda
