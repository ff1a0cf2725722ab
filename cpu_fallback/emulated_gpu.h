// An emulated GPU with kernels of one's own, for tests of what their registrations ask for.
#pragma once

#include <memory>
#include <string>

#include "core/backend/backend.h"

namespace tenon::cpu {

// `kernels` are the CPU's kind: they are launched on addresses that the host can read. The registry
// outlives the device.
std::unique_ptr<internal::Device> open_emulated_gpu(const internal::KernelRegistry& kernels,
                                                    const std::string& name,
                                                    const internal::DeviceOptions& options);

}  // namespace tenon::cpu
