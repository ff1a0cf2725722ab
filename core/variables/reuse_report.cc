#include "core/variables/reuse_report.h"

#include <ostream>

#include "core/variables/scope_stack.h"

namespace tenon {
namespace internal {

void ReuseLog::made(const Variable& variable, Location where) {
  const std::lock_guard lock(mutex_);
  report_.made.push_back({variable, where});
}

void ReuseLog::found(const Variable& variable, Location where) {
  const std::lock_guard lock(mutex_);
  if (found_.insert(variable.state().get()).second) report_.found.push_back({variable, where});
}

ReuseReport ReuseLog::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

namespace {

void print(std::ostream& out, const char* what, const std::vector<ReuseReport::Entry>& entries) {
  out << what << ' ' << entries.size();
  const char* before = ":";
  for (const auto& [variable, where] : entries) {
    out << before << "\n  " << variable.name() << " at " << where;
    before = "";
  }
}

}  // namespace
}  // namespace internal

std::ostream& operator<<(std::ostream& out, const ReuseReport& report) {
  internal::print(out, "made", report.made);
  internal::print(out, "\nfound", report.found);
  return out;
}

ReuseReport VariableScope::reuse_report() const {
  const std::shared_ptr<internal::ReuseLog>& log = get().reuse_log;
  return log == nullptr ? ReuseReport() : log->report();
}

}  // namespace tenon
