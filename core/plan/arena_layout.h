// One arena, laid out from the steps in which each tensor is live.
#pragma once

#include <cstddef>
#include <vector>

namespace tenon::internal {

// How a device's part of an arena is laid out.
struct ArenaLayout {
  size_t bytes = 0;
  size_t live_bytes = 0;  // the largest sum of live tensors: no layout can be smaller
};

struct LiveTensor {
  size_t bytes = 0;
  int first = 0, last = 0;  // steps
  size_t offset = 0;        // the answer
};

// Largest first, each at the lowest offset that is free for as long as it is live.
ArenaLayout lay_out(std::vector<LiveTensor>& tensors);

}  // namespace tenon::internal
