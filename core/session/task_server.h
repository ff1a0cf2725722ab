// A task's answers to the sessions of other processes: the parts of their runs that are placed on
// it, and its variables.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/session/graph_message.h"
#include "core/session/session_state.h"
#include "core/transport/in_process.h"
#include "core/transport/message.h"

namespace tenon::internal {

// A session of another process, as far as it runs here: its part of the graph, and a session of
// that on this task's devices. Thread-safe.
class ServedSession {
 public:
  explicit ServedSession(std::unique_ptr<Transport> task);

  void prepare(MessageReader& request);
  Message run(MessageReader& request);

 private:
  std::mutex mutex_;  // of what follows
  ReceivedGraph received_;
  std::map<uint64_t, std::shared_ptr<const RunRequest>> parts_;
  SessionState session_;
};

// Thread-safe.
class TaskServer {
 public:
  TaskServer(std::string prefix, std::shared_ptr<InProcessTask> task)
      : prefix_(std::move(prefix)), task_(std::move(task)) {}

  Message answer(int from, MessageReader& request);

 private:
  std::shared_ptr<ServedSession> session(int from, uint64_t number, bool may_make);
  VariableStorage& variable(MessageReader& request);

  const std::string prefix_;
  const std::shared_ptr<InProcessTask> task_;
  std::mutex mutex_;
  std::map<std::pair<int, uint64_t>, std::shared_ptr<ServedSession>> sessions_;
};

}  // namespace tenon::internal
