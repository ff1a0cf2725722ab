// The queue of a device that computes in the host's memory: work runs when it is launched, on the
// threads of the device.
#pragma once

#include "core/backend/backend.h"
#include "core/base/parallel.h"

namespace tenon::internal {

class CpuQueue : public Queue {
 public:
  explicit CpuQueue(ThreadPool& threads) : pool(threads) {}
  ThreadPool& pool;  // the device's, which outlives its queues
};

// The threads that a launch may use.
inline ThreadPool& pool(const Launch& args) { return static_cast<CpuQueue*>(args.queue)->pool; }

}  // namespace tenon::internal
