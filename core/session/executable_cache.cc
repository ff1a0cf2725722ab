#include "core/session/executable_cache.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tenon::internal {

namespace {

size_t steps_of(const Executable& executable) {
  return executable.plan == nullptr ? 0 : executable.plan->steps.size();
}

}  // namespace

std::shared_ptr<Executable> ExecutableCache::find(const std::string& key) {
  std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  found->second->found = true;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->executable;
}

void ExecutableCache::put(std::shared_ptr<Executable> executable) {
  std::shared_ptr<Executable> replaced;  // outlives the lock
  std::lock_guard lock(mutex_);
  const std::string& key = executable->key;
  if (const auto found = index_.find(key); found != index_.end()) {
    steps_ += steps_of(*executable) - steps_of(*found->second->executable);
    replaced = std::exchange(found->second->executable, std::move(executable));
    return;
  }
  make_room(all_gone_.contains(std::hash<std::string>()(key)));
  steps_ += steps_of(*executable);
  entries_.push_front({std::move(executable)});
  index_[entries_.front().executable->key] = entries_.begin();
}

void ExecutableCache::make_room(bool came_back) {
  while (is_full()) {
    auto goes = std::prev(entries_.end());
    if (came_back) {
      const auto newest = std::find_if(entries_.begin(), entries_.end(),
                                       [](const Entry& entry) { return !entry.found; });
      if (newest != entries_.end()) goes = newest;
    }
    remember_gone(goes->executable->key);
    erase(goes);
  }
}

void ExecutableCache::remember_gone(const std::string& key) {
  const size_t hash = std::hash<std::string>()(key);
  if (!all_gone_.insert(hash).second) return;
  gone_.push_back(hash);
  if (gone_.size() <= 8 * most_) return;
  all_gone_.erase(gone_.front());
  gone_.pop_front();
}

void ExecutableCache::remove(const Executable& executable) {
  std::lock_guard lock(mutex_);
  const auto found = index_.find(executable.key);
  if (found != index_.end() && found->second->executable.get() == &executable) {
    erase(found->second);
  }
}

void ExecutableCache::erase(Entries::iterator entry) {
  index_.erase(entry->executable->key);
  steps_ -= steps_of(*entry->executable);
  entries_.erase(entry);
}

void ExecutableCache::clear() {
  Entries cleared;  // outlives the lock
  std::lock_guard lock(mutex_);
  index_.clear();
  cleared.swap(entries_);
  steps_ = 0;
}

size_t ExecutableCache::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void append_number(std::string& key, int64_t number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void append_endpoint(std::string& key, const Endpoint& endpoint) {
  append_number(key, int64_t{endpoint.node->id} << 16 | endpoint.index);
}

void append_spec(std::string& key, const Tensor& tensor) {
  append_number(key, static_cast<int64_t>(tensor.dtype()));
  append_number(key, reinterpret_cast<intptr_t>(&tensor.device()));  // names are kept for ever
  append_number(key, tensor.shape().rank());
  for (const int64_t size : tensor.shape().sizes()) append_number(key, size);
}

void append_value(std::string& key, const Tensor& value) {
  append_spec(key, value);
  if (value.dtype() != DType::string) {
    key.append(static_cast<const char*>(value.raw()), value.bytes());
    return;
  }
  for (const std::string& text : value.data<std::string>()) {
    append_number(key, static_cast<int64_t>(text.size()));
    key += text;
  }
}

}  // namespace tenon::internal
