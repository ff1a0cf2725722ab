// The random numbers of a session.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/graph/node.h"

namespace tenon::internal {

// The stream of one random operation in one session: all plans with that operation draw from it.
struct RandomStream {
  std::pair<int64_t, int64_t> seeds;  // for an operation without seeds of its own
  std::atomic<uint64_t> blocks_drawn{0};
};

// Thread-safe.
class RandomStreams {
 public:
  // It lives as long as this.
  RandomStream& at(const Node& node);

 private:
  std::mutex mutex_;
  std::unordered_map<int, std::unique_ptr<RandomStream>> streams_;  // by node id
};

}  // namespace tenon::internal
