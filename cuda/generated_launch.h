// What is launched as one generated kernel, from when that is compiled on.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "cuda/elementwise_tape.h"
#include "cuda/generated_kernels.h"
#include "cuda/row_program.h"

namespace tenon::cuda {

// A source and how its kernel is launched.
struct GeneratedLaunch {
  std::string source;  // empty: what it needs to know is more than a kernel's parameter holds
  unsigned blocks = 0;
  unsigned threads = 0;  // of a block
  // Writes the parameter (KernelParameter::Bytes) of one launch, without allocating.
  std::function<void(const internal::Launch& args, std::byte* parameter)> write;
};

GeneratedLaunch generated_loop(const PreparedTape& tape);
GeneratedLaunch generated_rows(const RowProgram& program);
// Of tapes that have one source.
GeneratedLaunch generated_group(const std::vector<PreparedTape>& tapes);

// `interpreted` until the generated kernel is there, which gives the same bits: for good where it
// can't be compiled. `generate` is asked where anything can.
internal::Kernel generated_or(internal::Kernel interpreted, const CompileOptions& options,
                              const std::function<GeneratedLaunch()>& generate);

}  // namespace tenon::cuda
