// The random numbers of a session.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace tenon::internal {

// The stream of one random operation in one session.
struct RandomStream {
  std::pair<int64_t, int64_t> seeds;  // for an operation without seeds of its own
  std::atomic<uint64_t> blocks_drawn{0};
};

}  // namespace tenon::internal
