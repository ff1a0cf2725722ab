// What a file is that isn't what a reader expects.
#pragma once

#include <string_view>

#include "core/io/graph_def.h"

namespace tenon::internal {

// Whether every node has a name and a type, as no other message's fields come out.
bool is_graph_def(const GraphDef& graph);

// "a MetaGraph, which train::import_meta_graph reads", and the like; empty for what isn't known.
std::string_view kind_of_file(std::string_view bytes);

}  // namespace tenon::internal
