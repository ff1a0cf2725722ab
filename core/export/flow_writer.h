// Conditionals and loops, written as operations with functions of the library.
#pragma once

#include "core/export/graph_writer.h"

namespace tenon::internal {

// What stands for an element of a list, by its dtype; null where it is none.
Endpoint element_of(const Endpoint& list);

// Whether it is a list with a value of each round, which a loop hands to its gradient.
bool is_list(const Endpoint& endpoint);

// Writes an operation that owns bodies.
void write_flow(GraphWriter& writer, WrittenScope& scope, Node& node);

}  // namespace tenon::internal
