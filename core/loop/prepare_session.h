// A session whose variables all have values.
#pragma once

#include <memory>

#include "tenon/monitored_session.h"
#include "tenon/session.h"

namespace tenon::internal {

// Of the default graph, with the pieces of a scaffold that is finalized: restored or initialised by
// the chief; else waited for.
std::unique_ptr<Session> prepare_session(const train::MonitoredSessionOptions& options);

}  // namespace tenon::internal
