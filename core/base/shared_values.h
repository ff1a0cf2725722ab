// Values that many may use at once, made when the first of them asks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace tenon::internal {

// Keeps no value by itself: each is there as long as somebody holds it. Thread-safe.
template <typename Key, typename Value>
class SharedValues {
 public:
  // `make` runs where nobody holds the key's value.
  std::shared_ptr<const Value> get(const Key& key, const std::function<Value()>& make) {
    const std::lock_guard lock(mutex_);
    if (const auto held = values_.find(key); held != values_.end()) {
      if (std::shared_ptr<const Value> value = held->second.lock()) return value;
    }
    std::erase_if(values_, [](const auto& one) { return one.second.expired(); });
    auto value = std::make_shared<const Value>(make());
    values_[key] = value;
    return value;
  }

 private:
  std::mutex mutex_;
  std::map<Key, std::weak_ptr<const Value>> values_;
};

}  // namespace tenon::internal
