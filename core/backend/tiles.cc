#include "core/backend/tiles.h"

namespace tenon::internal {

std::string TileProgram::to_string() const {
  std::string text = "by rows";
  for (const Part& part : parts) {
    text += &part == &parts.front() ? " " : ", then ";
    text += part.program != nullptr ? part.program->to_string() : std::string(part.request.op);
  }
  return text;
}

}  // namespace tenon::internal
