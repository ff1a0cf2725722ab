// The variables that a session's runs use.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/graph/node.h"
#include "core/transport/transport.h"
#include "tenon/session.h"

namespace tenon::internal {

// Asks the transport for each variable once. Thread-safe.
class SessionVariables {
 public:
  explicit SessionVariables(Transport& transport) : transport_(transport) {}

  // The storage of a variable that is placed on `device`. It lives as long as this.
  VariableStorage& at(const Node& variable, Device& device);
  // The buffers of those that have a value now, in the order in which the graph made them.
  std::vector<Allocation> allocations() const;

 private:
  Transport& transport_;
  mutable std::mutex mutex_;
  std::unordered_map<int, std::shared_ptr<VariableStorage>> storages_;  // by node id
};

}  // namespace tenon::internal
