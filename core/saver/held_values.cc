#include "core/saver/held_values.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"

namespace tenon::internal {

std::vector<std::vector<VariableStorage*>> storages_of(
    const Session& session, const std::vector<SavedVariable>& variables) {
  const std::shared_ptr<SessionState>& state = session.state();
  require<FailedPreconditionError>(state != nullptr, ErrorKind::closed,
                                   "Use of a Session that was moved from");
  state->check_open();
  std::vector<std::vector<VariableStorage*>> all;
  for (const SavedVariable& variable : variables) {
    std::vector<VariableStorage*>& storages = all.emplace_back();
    for (const SavedVariable::Part& part : variable.parts) {
      const Operation op = part.variable.op();
      require<ValueError>(part.variable.graph() == session.graph(), ErrorKind::bad_argument,
                          "Variable ", op.name(), " is not of the session's graph");
      storages.push_back(&state->variable_storage(*op.node()));
    }
  }
  return all;
}

HeldValues::HeldValues(const Session& session, std::vector<std::vector<VariableStorage*>> storages)
    : session_(session.state()), storages_(std::move(storages)) {
  // In the order in which runs take them, each once.
  std::set<VariableStorage*, std::less<>> in_order;
  for (const auto& parts : storages_) in_order.insert(parts.begin(), parts.end());
  for (VariableStorage* storage : in_order) {
    held_.push_back(std::make_unique<VariableAccess>(*storage, Access::kRead));
  }
  std::vector<std::string> without;
  for (const auto& parts : storages_) {
    for (const VariableStorage* storage : parts) {
      if (!storage->initialized()) without.push_back(storage->name());
    }
  }
  if (without.empty()) return;
  session_->check_open();
  fail<FailedPreconditionError>(ErrorKind::uninitialized, "Attempting to use uninitialized value ",
                                join(without), ": nothing was written");
}

Tensor HeldValues::on_host(size_t variable, size_t part) const {
  const VariableStorage& storage = *storages_[variable][part];
  if (storage.device().host_memory()) return storage.value;
  return session_->devices().copy_to_host(storage.value, {});
}

Tensor HeldValues::copy(size_t variable, size_t part) const {
  const VariableStorage& storage = *storages_[variable][part];
  if (storage.device().host_memory()) return storage.value.clone();
  return on_host(variable, part);
}

const std::string& HeldValues::device_of(size_t variable, size_t part) const {
  return storages_[variable][part]->device().name();
}

std::vector<std::string> HeldValues::devices() const {
  std::set<std::string> names;
  for (const auto& storages : storages_) {
    for (const VariableStorage* storage : storages) names.insert(storage->device().name());
  }
  return {names.begin(), names.end()};
}

}  // namespace tenon::internal
