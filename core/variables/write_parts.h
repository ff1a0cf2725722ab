// Writing a partitioned variable: each part with its share.
#pragma once

#include <functional>

#include "core/variables/variable_state.h"
#include "tenon/graph.h"
#include "tenon/variable.h"

namespace tenon::internal {

using WritePart = std::function<Output(const Variable& part, const Input& value)>;
using ScatterPart =
    std::function<Output(const Variable& part, const Input& indices, const Input& updates)>;

// Runs `write` on each part with its part of the value; answers the parts' new values joined.
Output write_parts(const VariableState& state, const Input& value, const WritePart& write);

// The same for rows at indices that count through all parts. An index out of range fails when it
// is run, as it does where a variable is whole.
Output scatter_parts(const VariableState& state, const Input& indices, const Input& updates,
                     const ScatterPart& scatter);

}  // namespace tenon::internal
