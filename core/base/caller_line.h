// The line of the program that operations are made for, which errors name (check.h).
#pragma once

#include <utility>

#include "tenon/error.h"

namespace tenon::internal {

// While one lives, whatever this thread makes was made at that line: functions that are made of
// others pass lines of the library. Inside of another one it changes nothing, for the outermost
// call is the program's; nor does it with an empty location.
class CallerLine {
 public:
  explicit CallerLine(const Location& where) : before_(current) {
    if (current.line == 0) current = where;
  }
  CallerLine(const CallerLine&) = delete;
  CallerLine& operator=(const CallerLine&) = delete;
  ~CallerLine() { current = before_; }

  // The line in force, else `own`.
  static Location or_else(const Location& own) { return current.line != 0 ? current : own; }

 private:
  friend class ProgramRuns;
  friend class NoCallerLine;
  static inline constinit thread_local Location current = {};

  Location before_;
};

// While one lives, a function of the program's runs inside of a call (an initializer, a device
// function): what it makes was made at its own lines.
class ProgramRuns {
 public:
  ProgramRuns()
      : before_(std::exchange(CallerLine::current, Location{})),
        call_before_(std::exchange(call, before_)) {}
  ProgramRuns(const ProgramRuns&) = delete;
  ProgramRuns& operator=(const ProgramRuns&) = delete;
  ~ProgramRuns() {
    CallerLine::current = before_;
    call = call_before_;
  }

  // The line of the call that the function runs inside of, else `own`: for functions of the
  // library's that stand in for the program's (regularizers).
  static Location call_or_else(const Location& own) { return call.line != 0 ? call : own; }

 private:
  static inline constinit thread_local Location call = {};

  Location before_, call_before_;
};

// While one lives, errors don't name the line: for work whose errors get the place of an operation
// from whoever catches them.
class NoCallerLine {
 public:
  NoCallerLine() : before_(std::exchange(CallerLine::current, Location{})) {}
  NoCallerLine(const NoCallerLine&) = delete;
  NoCallerLine& operator=(const NoCallerLine&) = delete;
  ~NoCallerLine() { CallerLine::current = before_; }

 private:
  Location before_;
};

}  // namespace tenon::internal
