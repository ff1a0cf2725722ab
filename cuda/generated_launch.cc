#include "cuda/generated_launch.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "cuda/cuda_queue.h"
#include "cuda/generated_source.h"
#include "cuda/row_source.h"
#include "cuda/status.h"
#include "cuda/team_size.h"

namespace tenon::cuda {
namespace {

using internal::Kernel;
using internal::Launch;

// So many blocks for `count` things of which one takes `in_a_block`; never more than 2^14: a thread
// or team then does more than one of them.
unsigned blocks_for(int64_t count, int64_t in_a_block) {
  constexpr int64_t kMostBlocks = 1 << 14;
  return static_cast<unsigned>(std::min((count + in_a_block - 1) / in_a_block, kMostBlocks));
}

void launch(const void* function, const GeneratedLaunch& generated, const Launch& args) {
  alignas(8) KernelParameter::Bytes bytes;
  generated.write(args, bytes.data());
  void* parameters[] = {bytes.data()};
  check(
      cudaLaunchKernel(function, generated.blocks, generated.threads, parameters, 0, stream(args)),
      "cudaLaunchKernel");
}

}  // namespace

GeneratedLaunch generated_loop(const PreparedTape& tape) {
  const GeneratedArguments arguments(tape);
  if (!arguments.fit()) return {};
  GeneratedSource source = generated_source(tape);
  return {.source = std::move(source.text),
          .blocks = blocks_for(tape.count, int64_t{kGeneratedThreads} * source.width),
          .threads = kGeneratedThreads,
          .write = [arguments](const Launch& args, std::byte* parameter) {
            arguments.write(args.inputs, args.outputs, parameter);
          }};
}

GeneratedLaunch generated_rows(const RowProgram& program) {
  const KernelParameter parameter = row_parameter(program);
  if (!parameter.fits()) return {};
  return {.source = row_source(program),
          .blocks = blocks_for(program.rows, kTeamThreads / team_size(program.length)),
          .threads = kTeamThreads,
          .write = [parameter](const Launch& args, std::byte* to) {
            parameter.write(args.inputs, args.outputs, to);
          }};
}

GeneratedLaunch generated_group(const std::vector<PreparedTape>& tapes) {
  GeneratedSource source = group_source(tapes[0]);
  const GroupArguments arguments(tapes, source.width);
  return {.source = std::move(source.text),
          .blocks = arguments.blocks(),
          .threads = kGeneratedThreads,
          .write = [arguments](const Launch& args, std::byte* parameter) {
            arguments.write(args.inputs, args.outputs, parameter);
          }};
}

Kernel generated_or(Kernel interpreted, const CompileOptions& options,
                    const std::function<GeneratedLaunch()>& generate) {
  if (!can_generate()) return interpreted;
  const auto generated = std::make_shared<const GeneratedLaunch>(generate());
  if (generated->source.empty()) return interpreted;
  const auto kernel = generated_kernel(generated->source, options);
  Kernel made = std::move(interpreted);
  made.launch = [interpret = std::move(made.launch), generated, kernel](const Launch& args) {
    if (const void* function = kernel->function()) {
      launch(function, *generated, args);
    } else {
      interpret(args);
    }
  };
  made.settled = [kernel] { return kernel->settled(); };
  return made;
}

}  // namespace tenon::cuda
