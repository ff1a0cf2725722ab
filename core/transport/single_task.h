// The transport of a session without a target.
#pragma once

#include <memory>
#include <vector>

#include "core/transport/transport.h"

namespace tenon::internal {

// A connection to a task of the session's own, with these devices, that nobody else can reach.
std::unique_ptr<Transport> single_task(std::vector<std::unique_ptr<Device>> devices);

}  // namespace tenon::internal
