// What a session needs of the tasks of a cluster: their devices, and the variables that live there.
// Implemented in one process (in_process.h); shaped so that tasks of other processes can be reached
// the same way: a variable is asked for by its key once, when a plan is made, and then acquired and
// released by each run.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/transport/variable_storage.h"

namespace tenon::internal {

// What tells the variables of a cluster apart.
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

// One session's connection to a cluster.
class Transport {
 public:
  virtual ~Transport() = default;
  // The devices of all tasks, those of the session's own task first. They live as long as this.
  virtual const std::vector<Device*>& devices() const = 0;
  // The variable of that key: one for all who ask, made, without a value, on the first asking.
  virtual std::shared_ptr<VariableStorage> variable(const VariableKey& key, Device& device) = 0;
  // Throw RuntimeError (closed): when the session's own task has stopped or was reset; when one has
  // stopped whose device is among these (by index into devices()).
  virtual void check() const = 0;
  virtual void check(const std::vector<bool>& used) const = 0;
};

}  // namespace tenon::internal
