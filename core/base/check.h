// Throwing errors whose messages are made of parts.
#pragma once

#include <string>

#include "core/base/strings.h"
#include "tenon/error.h"

namespace tenon::internal {

// The message with the program's line behind it, where one is in force (CallerLine) and the message
// doesn't name it: ", asked for at model.cc:7".
std::string with_callers_line(std::string message);

// Throws E of that kind with the parts as its message, and the program's line.
template <typename E = InvalidArgumentError, typename... Parts>
[[noreturn]] void fail(ErrorKind kind, const Parts&... parts) {
  throw E(kind, with_callers_line(str(parts...)));
}

// Throws E of that kind unless the condition holds.
template <typename E = InvalidArgumentError, typename... Parts>
void require(bool condition, ErrorKind kind, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail<E>(kind, parts...);
}

}  // namespace tenon::internal
