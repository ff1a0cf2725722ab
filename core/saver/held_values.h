// The values of variables, held still while they are read.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/saver/saved_variables.h"
#include "core/session/session_state.h"
#include "core/transport/variable_storage.h"
#include "tenon/session.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// What holds each part of each variable in an open session of their graph. Throws RuntimeError or
// FailedPreconditionError (closed), and ValueError (bad_argument) for a variable of another graph.
std::vector<std::vector<VariableStorage*>> storages_of(const Session& session,
                                                       const std::vector<SavedVariable>& variables);

// Holds all variables from when it is made until it dies: no run writes one of them meanwhile, so
// that their values are of one moment.
class HeldValues {
 public:
  // Of an open session, by variable and part. Throws FailedPreconditionError (uninitialized) naming
  // all that have no value.
  HeldValues(const Session& session, std::vector<std::vector<VariableStorage*>> storages);

  // The value of a part, in the host's memory: the variable's own where that is there, else a copy.
  Tensor on_host(size_t variable, size_t part) const;
  // The same, but always a copy.
  Tensor copy(size_t variable, size_t part) const;
  const std::string& device_of(size_t variable, size_t part) const;
  // The names of the devices that hold variables, in order.
  std::vector<std::string> devices() const;

 private:
  const std::shared_ptr<SessionState> session_;
  const std::vector<std::vector<VariableStorage*>> storages_;
  std::vector<std::unique_ptr<VariableAccess>> held_;
};

}  // namespace tenon::internal
