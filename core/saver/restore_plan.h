// What of a checkpoint goes into which variable.
#pragma once

#include <vector>

#include "core/io/tensor_source.h"
#include "core/saver/saved_variables.h"
#include "tenon/saver.h"

namespace tenon::internal {

// Throws ValueError (bad_argument) for a rename that is no regular expression, or a name of no
// variable.
train::RestorePlan make_restore_plan(const std::vector<SavedVariable>& variables,
                                     const TensorSource& source, bool reshape,
                                     const train::RestoreOptions& options);

// Throws the plan, unless it is complete.
void require_complete(const train::RestorePlan& plan);

}  // namespace tenon::internal
