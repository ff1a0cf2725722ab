// The global step, as hooks need it.
#pragma once

#include <string>

#include "tenon/basic_session_run_hooks.h"
#include "tenon/variable.h"

namespace tenon::internal {

// The default graph's. Throws RuntimeError (bad_argument) naming the hook where there is none.
Variable global_step_for(const char* hook);

// Writes a line to the log; to standard error where there is none.
void log_line(const train::Log& log, const std::string& line);

}  // namespace tenon::internal
