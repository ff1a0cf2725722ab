// Seeds of random operations.
#pragma once

#include "core/plan/plan_request.h"

namespace tenon::internal {

// The attributes of an operation; seeds (0, 0) mean that nobody chose: then the session does.
AttrMap with_seeds(const Node& node, const PlanEnvironment& environment);

}  // namespace tenon::internal
