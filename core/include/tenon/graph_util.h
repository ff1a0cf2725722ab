// Graphs made smaller, for those who only run them.
//
//   std::ofstream("frozen.pb") << graph_util::convert_variables_to_constants(session, {"probs"});
#pragma once

#include <string>
#include <vector>

#include "tenon/export.h"
#include "tenon/session.h"

namespace tenon::graph_util {

// The bytes of a GraphDef of what these operations need, with the session's values of variables as
// constants. Throws ValueError (no_such_tensor) for a name that no operation has,
// FailedPreconditionError (uninitialized) naming the variables without a value, ValueError
// (bad_argument) where an operation that is needed writes a variable, and as Graph::as_graph_def.
TENON_API std::string convert_variables_to_constants(
    Session& session, const std::vector<std::string>& output_node_names);

}  // namespace tenon::graph_util
