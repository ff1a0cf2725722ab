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
tenon::SessionOptions session_options(const Json& config);
// What the step feeds.
tenon::Feeds feeds_of(Program& program, const Json& step);

}  // namespace replay
