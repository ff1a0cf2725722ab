// Calls that are made again and again in the same memory.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "core/session/resolve.h"

namespace tenon::internal {

// Room for calls, from earlier ones: resolving a warm one allocates nothing. Thread-safe.
class CallPool {
 public:
  std::unique_ptr<ResolvedCall> lease() {
    std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<ResolvedCall>();
    std::unique_ptr<ResolvedCall> call = std::move(idle_.back());
    idle_.pop_back();
    return call;
  }
  void give_back(std::unique_ptr<ResolvedCall> call) {
    call->clear();
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(call));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ResolvedCall>> idle_;
};

// One of them for a block.
class LeasedCall {
 public:
  explicit LeasedCall(CallPool& pool) : pool_(pool), call_(pool.lease()) {}
  ~LeasedCall() { pool_.give_back(std::move(call_)); }
  LeasedCall(const LeasedCall&) = delete;
  LeasedCall& operator=(const LeasedCall&) = delete;

  ResolvedCall& operator*() const { return *call_; }
  ResolvedCall* operator->() const { return call_.get(); }

 private:
  CallPool& pool_;
  std::unique_ptr<ResolvedCall> call_;
};

}  // namespace tenon::internal
