#include "core/transport/transport.h"

#include "core/base/check.h"

namespace tenon::internal {

void Transport::check_open() const {
  require<RuntimeError>(!closed_, ErrorKind::closed, "Attempted to use a closed Session");
  check_own_task();
}

}  // namespace tenon::internal
