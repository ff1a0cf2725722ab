#include "cuda/generated_rows.h"

#include <algorithm>

#include "cuda/cuda_queue.h"
#include "cuda/status.h"
#include "cuda/team_size.h"

namespace tenon::cuda {
namespace {

constexpr int64_t kMostBlocks = 1 << 14;  // a team then takes more than one row

}  // namespace

GeneratedRows::GeneratedRows(const RowProgram& program, int capability)
    : parameter_(row_parameter(program)) {
  const int64_t teams = kTeamThreads / team_size(program.length);  // of a block
  blocks_ = static_cast<unsigned>(std::min((program.rows + teams - 1) / teams, kMostBlocks));
  if (!parameter_.fits() || !can_generate()) return;
  kernel_ = generated_kernel(row_source(program), capability);
}

bool GeneratedRows::launch(const internal::Launch& args) const {
  const void* function = kernel_ == nullptr ? nullptr : kernel_->function();
  if (function == nullptr) return false;
  alignas(8) KernelParameter::Bytes bytes;
  parameter_.write(args.inputs, args.outputs, bytes.data());
  void* parameters[] = {bytes.data()};
  check(cudaLaunchKernel(function, blocks_, kTeamThreads, parameters, 0, stream(args)),
        "cudaLaunchKernel");
  return true;
}

}  // namespace tenon::cuda
