// What a session needs of the tasks that it runs on: their devices, and the variables that live
// there. A session without a target has a task of its own (single_task.h), one with a target those
// of a cluster, in this process (in_process.h) or in others (remote_tasks.h). A variable is asked
// for by its key once, when a plan is made, and then acquired and released by each run. What is
// placed on a task of another process runs there: its devices here are but names, and the session
// asks that task to run its part.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/transport/peers.h"
#include "core/transport/variable_storage.h"

namespace tenon::internal {

// What tells the variables of a task apart.
struct VariableKey {
  std::string device;     // the whole name, job and task included
  std::string container;  // "" is the task's own
  std::string type;       // "VariableV2", "VarHandleOp": those of one name are two variables
  std::string name;

  bool operator<(const VariableKey& other) const {
    return std::tie(device, container, type, name) <
           std::tie(other.device, other.container, other.type, other.name);
  }
};

// What a task of another process is asked for.
enum class TaskRequest : uint8_t {
  kPrepare,  // a part of a graph (core/session/task_server.h)
  kRun,      // a part that was prepared
  kClose,    // a session has ended
  kReadVariable,
  kReset,
};

// One session's connection to its tasks. Thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;
  // The devices of all tasks, those of the session's own task first. They live as long as this.
  virtual const std::vector<Device*>& devices() const = 0;
  // The variable of that key: one for all who ask, made, without a value, on the first asking.
  virtual std::shared_ptr<VariableStorage> variable(const VariableKey& key, Device& device) = 0;

  // The task that a device belongs to: 0 is the session's own, and all tasks of this process.
  virtual int task_of(size_t device) const {
    static_cast<void>(device);
    return 0;
  }
  // How many tasks of other processes there are; they are numbered from 1.
  virtual int remote_tasks() const { return 0; }
  // "/job:ps/replica:0/task:0"
  virtual const std::string& task_name(int task) const;
  // Asks a task of another process; `what` as Peers::ask.
  virtual std::unique_ptr<Peers::Question> ask(int task, Message request, std::string what);

  // Ends the connection. Variables that nobody else can reach lose their values; a run that has
  // acquired one keeps it until it ends.
  void close() {
    closed_ = true;
    give_up_variables();
  }
  bool is_closed() const { return closed_; }
  // Throws RuntimeError (closed) when the connection was closed, by us or by the session's own
  // task. A run that checks this while it holds its variables knows why one has no value.
  void check_open() const;
  // Throws RuntimeError (closed) when a task has stopped whose device is among these (by index into
  // devices()).
  virtual void check_running(const std::vector<bool>& used) const = 0;

 private:
  virtual void check_own_task() const = 0;
  virtual void give_up_variables() = 0;

  std::atomic<bool> closed_{false};
};

}  // namespace tenon::internal
