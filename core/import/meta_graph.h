// A MetaGraph's graph and collections in the default graph.
#pragma once

#include <string_view>

#include "core/io/meta_graph_def.h"
#include "tenon/import_meta_graph.h"

namespace tenon::internal {

// `what` names the file in errors.
train::ImportedMetaGraph add_meta_graph(const MetaGraphDef& file, std::string_view what,
                                        const train::ImportMetaGraphOptions& options);

}  // namespace tenon::internal
