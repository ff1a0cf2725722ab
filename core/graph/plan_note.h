// The attribute in whose words a plan's text warns of an operation.
#pragma once

namespace tenon::internal {

inline constexpr const char* kPlanNote = "_plan_note";

}  // namespace tenon::internal
