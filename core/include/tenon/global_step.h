// The graph's count of training steps: an int64 scalar named global_step, in GLOBAL_VARIABLES and
// GLOBAL_STEP, not trainable. Optimizers add one to it where they are given it. All but global_step
// read the default graph.
#pragma once

#include <cstdint>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/variable.h"

namespace tenon::train {

// Throws ValueError (already_exists) when the graph has one.
TENON_API Variable create_global_step(Location where = Location::current());
// The graph's global step: the one in GLOBAL_STEP, else the variable named global_step; empty where
// there is none, or several. Throws TypeError (bad_argument) when it is no integer scalar.
TENON_API Variable get_global_step();
TENON_API Variable get_or_create_global_step(Location where = Location::current());

// Throws TypeError (bad_argument) unless it may be a global step: an integer scalar.
TENON_API void assert_global_step(const Ref& global_step);
// Its value in a session; of one that counts in float32 or float64 without what is behind the
// point. Throws as Session::run does, and what assert_global_step throws of other dtypes and
// shapes.
TENON_API int64_t global_step(Session& session, const Ref& global_step);

}  // namespace tenon::train
