// The transport between tasks of one process: they share memory, so that values stay where they
// are.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/transport/task_address.h"
#include "core/transport/transport.h"

namespace tenon::internal {

// A running task: its devices, and the variables on them.
class InProcessTask {
 public:
  explicit InProcessTask(std::vector<std::unique_ptr<Device>> devices);

  std::shared_ptr<VariableStorage> variable(const VariableKey& key, Device& device);
  // Gives up the values of the variables of these containers; of all.
  void clear(std::span<const std::string> containers);
  void clear();

  std::vector<Device*> devices() const;
  std::atomic<bool> stopped{false};
  std::atomic<int> resets{0};  // sessions made on this task before the last one are closed

 private:
  using Variables = std::vector<std::shared_ptr<VariableStorage>>;
  template <typename Which>
  Variables variables_where(const Which& is_meant) const;
  static void clear(const Variables& variables);

  std::vector<std::unique_ptr<Device>> devices_;
  mutable std::mutex mutex_;
  std::map<VariableKey, std::shared_ptr<VariableStorage>> variables_;
};

class RemoteTasks;

// From now on sessions find the task. `others` are those of its cluster where they are other
// processes'. Throws FailedPreconditionError (already_exists) when one is running at that address.
void start_task(const TaskAddress& where, std::shared_ptr<InProcessTask> task,
                std::shared_ptr<RemoteTasks> others = nullptr);
void stop_task(const TaskAddress& where, InProcessTask& task);

// A session's connection to the cluster of a target. Waits for tasks that haven't started. Throws
// NotFoundError (bad_argument) for a target of no running server, FailedPreconditionError
// (bad_argument) when the time is over.
std::unique_ptr<Transport> connect(std::string_view target, std::chrono::milliseconds patience);

// The other tasks of a target's cluster; null where they are of this process. Throws NotFoundError
// (bad_argument) as connect.
std::shared_ptr<RemoteTasks> remote_tasks(std::string_view target);

// A connection to that task alone.
std::unique_ptr<Transport> connect_to(const std::string& prefix,
                                      std::shared_ptr<InProcessTask> task);

// Clears containers (none: the tasks' own, "") on all running tasks of the target's cluster, and
// closes the sessions made on that target. Throws NotFoundError (bad_argument) as above.
void reset(std::string_view target, std::vector<std::string> containers);

}  // namespace tenon::internal
