// What AUTO_REUSE made and found, kept while a scope is in use.
#pragma once

#include <mutex>
#include <unordered_set>

#include "tenon/variable_scope.h"

namespace tenon::internal {

// Shared by the scope that switched AUTO_REUSE on and all that inherit it, on any thread.
class ReuseLog {
 public:
  void made(const Variable& variable, Location where);
  void found(const Variable& variable, Location where);
  ReuseReport report() const;

 private:
  mutable std::mutex mutex_;
  ReuseReport report_;
  std::unordered_set<const VariableState*> found_;  // what is in report_.found
};

}  // namespace tenon::internal
