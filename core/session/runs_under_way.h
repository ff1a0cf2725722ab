// Runs whose work on a device goes on after they have returned.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/backend/backend.h"

namespace tenon::internal {

// Where the work of a run ends. Its context records the event again for the next run: the number
// tells the two apart.
struct RunEnd {
  std::shared_ptr<Event> event;
  uint64_t number = 0;
};

// The ends of such runs, of one device. Who starts a run there lets its queue wait for all of them,
// so that runs that share variables or memory behave as if one came after the other; the host
// doesn't wait. Thread-safe.
class RunsUnderWay {
 public:
  // What a run that starts now has to come after, into a vector that keeps its memory.
  void snapshot(std::vector<RunEnd>& ends) const;
  // A run that came after `awaited` has an end of its own, which stands for them all.
  void replace(const std::vector<RunEnd>& awaited, const std::shared_ptr<Event>& end);

 private:
  mutable std::mutex mutex_;
  std::vector<RunEnd> ends_;
  uint64_t count_ = 0;
};

// That of a device: the same for all sessions that run on it. Each of them may have opened it anew;
// one backend's devices of one type and number are one, whatever task they are of.
std::shared_ptr<RunsUnderWay> runs_under_way(const Device& device);

}  // namespace tenon::internal
