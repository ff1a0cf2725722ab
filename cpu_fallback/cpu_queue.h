// The CPU's queue: work runs when it is launched, on the threads of the device.
#pragma once

#include "core/backend/backend.h"
#include "core/base/parallel.h"

namespace tenon::cpu {

class CpuQueue : public internal::Queue {
 public:
  explicit CpuQueue(internal::ThreadPool& threads) : pool(threads) {}
  internal::ThreadPool& pool;  // the device's, which outlives its queues
};

// The threads that a launch may use.
inline internal::ThreadPool& pool(const internal::Launch& args) {
  return static_cast<CpuQueue*>(args.queue)->pool;
}

}  // namespace tenon::cpu
