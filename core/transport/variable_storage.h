// The value of a variable, in one session or in a task that several sessions share.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "core/backend/backend.h"

namespace tenon::internal {

enum class Access { kRead, kWrite };

// A run acquires each variable that it uses before it starts, in the order of their addresses, and
// releases it when it has ended; in between, `value` may be read, or with kWrite changed.
class VariableStorage {
 public:
  VariableStorage(std::string name, Device& device) : name_(std::move(name)), device_(device) {}
  virtual ~VariableStorage() = default;
  VariableStorage(const VariableStorage&) = delete;
  VariableStorage& operator=(const VariableStorage&) = delete;

  virtual void acquire(Access access) {
    access == Access::kRead ? lock_.lock_shared() : lock_.lock();
  }
  virtual void release(Access access) {
    if (access == Access::kRead) return lock_.unlock_shared();
    ++version;
    note_shape();
    lock_.unlock();
  }

  // Whether the variable is a task's of another process: runs of that task use it, others only read
  // it, by a copy that acquire fetches.
  virtual bool is_elsewhere() const { return false; }

  const std::string& name() const { return name_; }
  Device& device() const { return device_; }
  bool initialized() const { return static_cast<bool>(value); }
  // The shape of the value when it was last released, without waiting for whoever has acquired it;
  // nothing where there was none.
  std::optional<Shape> released_shape() const {
    const std::lock_guard lock(shape_mutex_);
    return released_shape_;
  }
  // Memory for a value of this shape; what was there is kept if it is as large.
  void reserve(DType dtype, const Shape& shape);

  Tensor value;  // empty until it is initialised
  // Whether an assignment without validate_shape gave it another shape than is declared. Read
  // without the lock, too.
  std::atomic<bool> reshaped{false};
  uint64_t version = 1;  // another one after each run that may have written the value

 private:
  void note_shape() {
    const std::lock_guard lock(shape_mutex_);
    released_shape_ = value ? std::optional(value.shape()) : std::nullopt;
  }

  std::string name_;  // of its operation
  Device& device_;
  std::shared_mutex lock_;
  mutable std::mutex shape_mutex_;
  std::optional<Shape> released_shape_;
};

// A variable acquired for a block.
class VariableAccess {
 public:
  VariableAccess(VariableStorage& storage, Access access) : storage_(storage), access_(access) {
    storage_.acquire(access_);
  }
  ~VariableAccess() { storage_.release(access_); }
  VariableAccess(const VariableAccess&) = delete;
  VariableAccess& operator=(const VariableAccess&) = delete;

 private:
  VariableStorage& storage_;
  Access access_;
};

}  // namespace tenon::internal
