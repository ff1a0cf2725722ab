// Running a program from a test: samples, the replayer, ./dev.
#pragma once

#include <string>

namespace tenon::test {

struct CommandResult {
  int status = -1;     // the exit status; 128 + n for a program ended by signal n
  std::string output;  // its standard output; add 2>&1 to the command to have both
};

// Runs a shell command and waits for it. Throws std::runtime_error when no shell can be started.
CommandResult run_command(const std::string& command);

}  // namespace tenon::test
