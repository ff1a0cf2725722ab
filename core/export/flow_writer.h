// Conditionals and loops, written as operations with functions of the library.
#pragma once

#include "core/export/graph_writer.h"

namespace tenon::internal {

// Whether it is a list with a value of each round, which a loop hands to its gradient.
bool is_list(const Endpoint& endpoint);

// Writes an operation that owns bodies.
void write_flow(GraphWriter& writer, WrittenScope& scope, Node& node);

}  // namespace tenon::internal
