#include "core/session/random_streams.h"

#include <random>

namespace tenon::internal {

RandomStream& RandomStreams::at(const Node& node) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<RandomStream>& stream = streams_[node.id];
  if (!stream) {
    stream = std::make_unique<RandomStream>();
    std::random_device entropy;
    stream->seeds = {static_cast<int64_t>(entropy()) + 1, static_cast<int64_t>(entropy())};
  }
  return *stream;
}

}  // namespace tenon::internal
