// The values of a session's variables.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "core/backend/backend.h"
#include "core/graph/node.h"

namespace tenon::internal {

// One variable's memory in one session. `lock` is held shared by runs that read the value and
// exclusively by runs that change it; everything else here is read and written under it.
struct VariableStorage {
  const Node* node = nullptr;
  Device* device = nullptr;
  std::shared_mutex lock;
  Tensor value;          // empty until it is initialised
  uint64_t version = 1;  // another one after each run that may have written the value

  bool initialized() const { return static_cast<bool>(value); }
  // Memory for a value of this shape; what was there is kept if it is as large.
  void reserve(DType dtype, const Shape& shape);
};

// The stream of one random operation in one session.
struct RandomStream {
  std::pair<int64_t, int64_t> seeds;  // for an operation without seeds of its own
  std::atomic<uint64_t> blocks_drawn{0};
};

}  // namespace tenon::internal
