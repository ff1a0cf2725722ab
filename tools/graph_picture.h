// Pictures of graphs.
#pragma once

#include <iosfwd>

#include "tenon/graph.h"

namespace tenon::tool {

// For the programs of Graphviz.
void write_dot(const Graph& graph, std::ostream& out);
// A picture by itself: inputs are at the top, each operation is below all that it takes.
void write_svg(const Graph& graph, std::ostream& out);

}  // namespace tenon::tool
