#include "core/backend/groups.h"

#include <utility>

#include "core/base/strings.h"

namespace tenon::internal {

std::string GroupProgram::to_string() const {
  return str(parts.size(), " times ", parts[0].program->to_string());
}

std::function<void(const Launch&)> launch_in_turn(const GroupProgram& program,
                                                  PrepareFunction prepare) {
  struct Part {
    Kernel kernel;
    size_t inputs, outputs;  // how many
  };
  std::vector<Part> parts;
  for (const GroupProgram::Part& part : program.parts) {
    parts.push_back(
        {prepare(part.request), part.request.inputs.size(), part.request.outputs.size()});
  }
  return [parts = std::move(parts)](const Launch& args) {
    Launch one = args;
    for (const Part& part : parts) {
      part.kernel.launch(one);
      one.inputs += part.inputs;
      one.outputs += part.outputs;
    }
  };
}

}  // namespace tenon::internal
