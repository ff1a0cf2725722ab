// Elementwise programs that are interpreted for good.
#pragma once

#include "core/backend/backend.h"

namespace tenon::cuda {

// The kernel for an elementwise program that is never compiled: for those whose work a larger
// generated kernel takes over. Throws as PreparedTape does.
internal::Kernel interpreted_elementwise(const internal::KernelRequest& request);

}  // namespace tenon::cuda
