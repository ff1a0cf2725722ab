// The tasks of a cluster that are other processes.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/transport/in_process.h"
#include "core/transport/peers.h"
#include "core/transport/task_address.h"
#include "core/transport/transport.h"

namespace tenon::internal {

// How the tasks of a cluster find each other when they start.
struct Meeting {
  TaskAddress where;             // that this process asks to be
  bool asks_for_a_task = false;  // else tasks are given to processes in their order
  std::string refused = {};      // why it can't be: all then fail to start
  std::chrono::milliseconds patience = {};
  std::chrono::milliseconds lost_after = {};
};

// One task's view of the others. Thread-safe.
class RemoteTasks : public std::enable_shared_from_this<RemoteTasks> {
 public:
  explicit RemoteTasks(Messenger& messenger) : peers_(messenger) {}

  // The task of this process where none was asked for: jobs in the order of their names, the tasks
  // of each by number. Of a cluster that has no task for it the last one.
  static TaskAddress by_rank(const TaskAddress& cluster, const Messenger& messenger);

  // Waits for the others. What one of them finds wrong makes all throw, and the same:
  // FailedPreconditionError or InvalidArgumentError (bad_argument).
  void meet(const Meeting& meeting, const InProcessTask& own);
  void serve(Peers::Answerer answerer);

  // A session's connection to its own task by `own`, and to the others.
  std::unique_ptr<Transport> connect(std::unique_ptr<Transport> own,
                                     const std::shared_ptr<InProcessTask>& task);
  void reset(const std::vector<std::string>& containers);

  Peers& peers() { return peers_; }
  // Where a task of this process's point of view stands: 0 is this one, the others follow by rank.
  int rank_of(int task) const;
  const std::string& name(int task) const;
  const std::string& name_of_rank(int rank) const { return names_[static_cast<size_t>(rank)]; }
  std::vector<int> ranks_of(const std::string& job) const;  // by the numbers of its tasks
  // Of the other tasks: the devices that stand for theirs.
  struct RemoteTaskDevices {
    int task = 0;
    std::vector<std::unique_ptr<Device>> devices = {};
  };
  const std::vector<RemoteTaskDevices>& devices() const { return devices_; }

 private:
  Peers peers_;
  std::vector<std::string> names_;                   // by rank
  std::map<std::string, std::map<int, int>> ranks_;  // job: number of a task: its rank
  std::vector<RemoteTaskDevices> devices_;
};

}  // namespace tenon::internal
