// The executables that a session keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "core/session/executable.h"

namespace tenon::internal {

// Executables of runs, of callables and of what comes after a cut, by what they were made for.
// Where there are more than are kept, those used longest ago go, as long as other ones are asked
// for again and again. But where more are in use than are kept (an epoch over batches of many
// shapes), that would throw out each one just before it is wanted: as soon as one is made again
// that has gone, the newest goes in place of the oldest, and most of them stay. Thread-safe.
class ExecutableCache {
 public:
  // 0: as many as kLeast, or kMost of small ones.
  explicit ExecutableCache(size_t capacity)
      : least_(capacity == 0 ? kLeast : capacity), most_(capacity == 0 ? kMost : capacity) {}
  static constexpr size_t kLeast = 128, kMost = 1024;

  std::shared_ptr<Executable> find(const std::string& key);  // null when there is none
  void put(std::shared_ptr<Executable> executable);          // under its key
  void remove(const Executable& executable);
  void clear();
  size_t size() const;

 private:
  struct Entry {
    std::shared_ptr<Executable> executable;
    bool found = false;  // since it was made
  };
  using Entries = std::list<Entry>;

  // An executable takes some 2 kB a step: those beyond kLeast may take 100 MB.
  static constexpr size_t kMostSteps = 50000;

  bool is_full() const {
    const size_t kept = entries_.size();
    return kept >= most_ || (kept >= least_ && steps_ >= kMostSteps);
  }
  void make_room(bool came_back);
  void erase(Entries::iterator entry);
  void remember_gone(const std::string& key);

  const size_t least_, most_;
  mutable std::mutex mutex_;  // of what follows
  Entries entries_;           // the latest used first
  size_t steps_ = 0;          // of them all
  std::unordered_map<std::string, Entries::iterator> index_;
  // Those that went last, by the hash of their keys: as many as eight times those that are kept.
  std::list<size_t> gone_;
  std::unordered_set<size_t> all_gone_;
};

// Keys are made of numbers, dtypes and shapes, and of values where plans depend on them.
void append_number(std::string& key, int64_t number);
void append_endpoint(std::string& key, const Endpoint& endpoint);
void append_spec(std::string& key, const Tensor& tensor);
void append_value(std::string& key, const Tensor& value);

}  // namespace tenon::internal
