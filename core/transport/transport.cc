#include "core/transport/transport.h"

#include "core/base/check.h"

namespace tenon::internal {

void Transport::check_open() const {
  require<RuntimeError>(!closed_, ErrorKind::closed, "Attempted to use a closed Session");
  check_own_task();
}

const std::string& Transport::task_name(int task) const {
  fail<RuntimeError>(ErrorKind::bad_argument, "There is no task ", task, " in another process");
}

std::unique_ptr<Peers::Question> Transport::ask(int task, Message, std::string) {
  task_name(task);
  return nullptr;
}

}  // namespace tenon::internal
