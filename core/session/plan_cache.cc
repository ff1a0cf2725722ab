#include "core/session/prepared_run.h"

namespace tenon::internal {

std::shared_ptr<PreparedRun> PlanCache::find(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->run;
}

void PlanCache::put(const std::string& key, std::shared_ptr<PreparedRun> run) {
  remove(key);
  entries_.push_front({key, std::move(run)});
  index_[key] = entries_.begin();
  while (entries_.size() > capacity_) {
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void PlanCache::remove(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return;
  entries_.erase(found->second);
  index_.erase(found);
}

void PlanCache::clear() {
  index_.clear();
  entries_.clear();
}

void append_number(std::string& key, int64_t number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof(number));
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
