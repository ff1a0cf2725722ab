// Constants of a GraphDef.
#pragma once

#include "core/import/legacy_ops.h"
#include "core/io/graph_def.h"
#include "core/io/unsupported.h"

namespace tenon::internal {

// Adds its dtype, where Tenon hasn't got it. Throws ValueError (bad_argument) where it has no
// value.
void check_constant(const NodeDef& node, Unsupported& unsupported);
// One value that makes more elements than a file of this size should, and so wasn't read, becomes a
// Fill, which makes them when it runs. Throws DataLossError (corrupt_file) for what else wasn't
// read.
void fill_large_constant(ImportedNode& node, const NodeDef& def);

}  // namespace tenon::internal
