// What all hooks share.
#include "tenon/session_run_hook.h"

#include <iostream>
#include <string>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/loop/hook_steps.h"
#include "tenon/global_step.h"

namespace tenon {

train::SessionRunHook::~SessionRunHook() = default;

train::SessionRunHook& train::Hook::get() const {
  tenon::internal::require<ValueError>(hook_ != nullptr, ErrorKind::bad_argument,
                                       "A hook of the session is null");
  return *hook_;
}

Variable internal::global_step_for(const char* hook) {
  Variable step = train::get_global_step();
  require<RuntimeError>(static_cast<bool>(step), ErrorKind::bad_argument,
                        "Global step should be created to use ", hook, ".");
  return step;
}

void internal::log_line(const train::Log& log, const std::string& line) {
  if (log) {
    log(line);
  } else {
    std::cerr << str(line, '\n');  // at once, whoever else writes
  }
}

}  // namespace tenon
