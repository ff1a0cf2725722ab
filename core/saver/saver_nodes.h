// The operations by which TensorFlow saves and restores variables.
#pragma once

#include <vector>

#include "core/export/written_scope.h"
#include "core/io/meta_graph_def.h"
#include "core/saver/saved_variables.h"

namespace tenon::internal {

// Adds them to a graph that has been written, for variables of it.
SaverDef add_saver_nodes(WrittenScope& scope, const std::vector<SavedVariable>& variables);

}  // namespace tenon::internal
