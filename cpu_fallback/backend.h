// The backends of this folder: the CPU's, and emulated GPUs.
#pragma once

#include "core/backend/backend.h"

namespace tenon::internal {

// Devices that compute in host memory on threads of their own. Always there.
Backend& cpu_backend();

// GPUs that are none: the CPU's kernels on memory that no other device can read, so that a program
// for several GPUs runs, and a missing copy shows, where there is no GPU.
Backend& emulated_gpu_backend();

}  // namespace tenon::internal
