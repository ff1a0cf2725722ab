// What libtenon itself has of the CUDA backend: it opens the module where there is a driver.
#pragma once

#include "core/backend/module.h"

namespace tenon::cuda {

// The module, opened when it is first asked for: only where there is a driver with a device, and
// TENON_DISABLE_CUDA isn't set (but to 0).
const internal::Module& module();

}  // namespace tenon::cuda
