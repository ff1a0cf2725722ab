// The devices of a session or of a task.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/backend/backend_registry.h"
#include "tenon/session.h"

namespace tenon::internal {

// The backends of this process, registered on first use by register_all_backends().
const BackendRegistry& backends();

// Opens what the options ask for, the CPU first, under names that begin with `task`
// ("/job:localhost/replica:0/task:0"). Throws InvalidArgumentError (bad_argument) for options that
// make no sense.
std::vector<std::unique_ptr<Device>> open_devices(const SessionOptions& options,
                                                  const std::string& task);

}  // namespace tenon::internal
