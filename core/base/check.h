// Throwing errors whose messages are made of parts.
#pragma once

#include "core/base/strings.h"
#include "tenon/error.h"

namespace tenon::internal {

// Throws E of that kind with the parts as its message.
template <typename E = InvalidArgumentError, typename... Parts>
[[noreturn]] void fail(ErrorKind kind, const Parts&... parts) {
  throw E(kind, str(parts...));
}

// Throws E of that kind unless the condition holds.
template <typename E = InvalidArgumentError, typename... Parts>
void require(bool condition, ErrorKind kind, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail<E>(kind, parts...);
}

}  // namespace tenon::internal
