// The gradients of conditionals and loops. They differentiate bodies, as a program does, and so are
// in core/training.
#pragma once

#include "core/graph/op_def.h"

namespace tenon::internal {

Outputs if_gradient(const Operation& op, const Outputs& dy);
Outputs while_gradient(const Operation& op, const Outputs& dy);

}  // namespace tenon::internal
