#include "core/backend/groups.h"

#include "core/base/strings.h"

namespace tenon::internal {

std::string GroupProgram::to_string() const {
  return str(parts.size(), " times ", parts[0].program->to_string());
}

}  // namespace tenon::internal
