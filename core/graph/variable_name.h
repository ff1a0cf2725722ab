// The attribute of an Identity that is but a name of its reference variable: the read that is made
// with the variable, and that nothing orders. Who uses it reads the variable, when that runs.
#pragma once

namespace tenon::internal {

inline constexpr const char* kNamesVariable = "_names_variable";

}  // namespace tenon::internal
