// What the steps that run sessions share.
#pragma once

#include <tenon/tenon.h>

#include <memory>
#include <vector>

#include "tests/golden/program.h"

namespace replay {

using SessionPtr = std::shared_ptr<tenon::Session>;

// A new session, which becomes the current one.
SessionPtr new_session(Program& program, const Json& config);
SessionPtr session_of(Program& program, const Json& reference);
// The one that the step names, else the default one. Throws Mistake (no_default_session).
SessionPtr default_session(Program& program, const Json& step);
// The values of what `fetch` holds, with the step's feeds.
std::vector<tenon::Tensor> fetched_by(Program& program, const Json& step, const SessionPtr& session,
                                      const Json& fetch);

}  // namespace replay
