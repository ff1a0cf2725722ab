#include "core/variables/scope_stack.h"

namespace tenon::internal {

void ScopeCounts::keep(const std::string& name, std::optional<Entry> before) {
  if (jumps_ > 0) undo_.emplace_back(name, before);
}

bool ScopeCounts::counted(const std::string& name) const {
  const auto found = entries_.find(name);
  return found != entries_.end() && found->second.count > 0;
}

void ScopeCounts::open(const std::string& name) {
  const auto [entry, is_new] = entries_.try_emplace(name);
  keep(name, is_new ? std::nullopt : std::optional(entry->second));
  ++entry->second.count;
}

void ScopeCounts::reset_below(const std::string& name) {
  const std::string prefix = name + "/";
  auto entry = entries_.lower_bound(prefix);
  while (entry != entries_.end() && entry->first.compare(0, prefix.size(), prefix) == 0) {
    keep(entry->first, entry->second);
    entry = entries_.erase(entry);
  }
}

std::string ScopeCounts::unique(const std::string& scope, const std::string& prefix) {
  const std::string name = scope.empty() ? prefix : scope + "/" + prefix;
  const auto entry = entries_.find(name);
  if (entry == entries_.end() || entry->second.count == 0) return prefix;
  const Entry before = entry->second;
  int& number = entry->second.next_number;
  while (counted(name + "_" + std::to_string(number))) ++number;
  if (number != before.next_number) keep(name, before);
  return prefix + "_" + std::to_string(number);
}

size_t ScopeCounts::begin_jump() {
  ++jumps_;
  return undo_.size();
}

void ScopeCounts::end_jump(size_t mark) {
  --jumps_;
  while (undo_.size() > mark) {
    auto& [name, before] = undo_.back();
    if (before) {
      entries_[name] = *before;
    } else {
      entries_.erase(name);
    }
    undo_.pop_back();
  }
}

}  // namespace tenon::internal
