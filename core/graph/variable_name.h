// The attribute of an Identity that is but a name of its reference variable: the read that is made
// with the variable, and that nothing orders. Who uses it reads the variable, when that runs.
#pragma once

#include "core/graph/graph_state.h"

namespace tenon::internal {

inline constexpr const char* kNamesVariable = "_names_variable";

inline bool names_variable(const Node& node) {
  return node.attrs.get_or<bool>(kNamesVariable, false);
}

}  // namespace tenon::internal
