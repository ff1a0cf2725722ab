// Handles: values that stand for something that a run or a session keeps. TensorFlow has dtypes for
// them, and here they are numbers (int64).
#pragma once

#include <cstdint>

#include "core/graph/node.h"

namespace tenon::internal {

enum class HandleKind : uint8_t {
  kNone,
  kResource,  // of a tensor array, a stack or a table
  kList,      // of a tensor list: each change of a list gives another
};

// What an endpoint is, however it came there: through conditionals and loops too.
HandleKind handle_kind(Endpoint endpoint);

inline bool is_tensor_list(const Endpoint& endpoint) {
  return handle_kind(endpoint) == HandleKind::kList;
}

}  // namespace tenon::internal
