// Kernels that work group by group.
#pragma once

#include <cstdint>

#include "core/backend/backend.h"

namespace tenon::cpu {

// A kernel whose operands are cut along their last axis into as many equal parts as there are
// groups: `prepare` makes the kernel of one group, and the parts are copied for it. `cut` has bit i
// where input i is such an operand; the output is one always.
internal::Kernel prepare_in_groups(const internal::KernelRequest& request, int64_t groups,
                                   unsigned cut, internal::PrepareFunction prepare);

}  // namespace tenon::cpu
