// NVIDIA's compiler for kernels at run time. It is opened when it is first needed, and needn't be
// there.
#pragma once

#include <string>

#include "cuda/code_cache.h"

namespace tenon::cuda {

// What compiling came to: code for the GPU, or none and the reason.
struct CompiledSource {
  std::string cubin;
  std::string error;
};

// Compiles a source that includes cuda/generated/support.h for a compute capability (90 is 9.0).
// Rounds as the module's own kernels do. Takes some 30 to 60 ms; thread-safe.
CompiledSource compile(const std::string& source, int capability);

// The code of such a source, compiled only if `cache` doesn't have it, which it then does; empty
// where it can't be compiled.
std::string compiled_code(const std::string& source, int capability, CodeCache& cache);

// Empty, or why nothing can be compiled: there is no NVRTC of the version that the module's own
// kernels were compiled by (another one's functions may round otherwise).
const std::string& why_no_nvrtc();

}  // namespace tenon::cuda
