// The CUDA C++ source of a kernel that does what a RowProgram says, for NVRTC.
#pragma once

#include <string>

#include "cuda/kernel_parameter.h"
#include "cuda/row_program.h"

namespace tenon::cuda {

// Programs that differ only in sizes, addresses and constants have one source. The kernel is called
// `run`, has blocks of kTeamThreads (team_size.h) and takes the row_parameter().
std::string row_source(const RowProgram& program);

KernelParameter row_parameter(const RowProgram& program);

}  // namespace tenon::cuda
