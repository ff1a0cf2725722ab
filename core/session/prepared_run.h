// Plans made ready for one session, and the cache that keeps them.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/plan/plan.h"
#include "core/session/random_stream.h"
#include "core/transport/variable_storage.h"

namespace tenon::internal {

// A plan with what it needs of the session at hand, so that running it looks nothing up.
struct PreparedRun {
  PlanRequest request;  // what the plan was made for
  std::shared_ptr<Plan> plan;
  std::vector<VariableStorage*> variables;       // as plan->variables
  std::vector<int> locking_order;                // indices into variables
  std::vector<std::vector<int>> variable_slots;  // of each variable
  std::vector<RandomStream*> streams;            // by step; null for one that draws nothing
  std::vector<bool> uses_device;                 // for its steps or its variables

  // After a cut: plans of the rest, by the values and shapes that were found.
  std::mutex rest_mutex;
  std::map<std::string, std::shared_ptr<PreparedRun>> rests;
};

// The prepared runs used last, by what they were prepared for. The caller locks.
class PlanCache {
 public:
  explicit PlanCache(size_t capacity) : capacity_(capacity < 1 ? 1 : capacity) {}

  std::shared_ptr<PreparedRun> find(const std::string& key);  // null when there is none
  void put(const std::string& key, std::shared_ptr<PreparedRun> run);
  void remove(const std::string& key);
  void clear();

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<PreparedRun> run;
  };
  size_t capacity_;
  std::list<Entry> entries_;  // the latest used first
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

// Keys are made of numbers, dtypes and shapes, and of values where plans hang on them.
void append_number(std::string& key, int64_t number);
void append_spec(std::string& key, const Tensor& tensor);
void append_value(std::string& key, const Tensor& value);

}  // namespace tenon::internal
