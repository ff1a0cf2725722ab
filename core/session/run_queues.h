// The queues that a run puts its work on.
#pragma once

#include <memory>

#include "core/session/run_context.h"
#include "core/session/session_devices.h"

namespace tenon::internal {

// The queues of the run's workspace, but the caller's stream where one is given. Work that earlier
// runs left under way on a device comes first: it may use what this run uses.
class RunQueues {
 public:
  RunQueues(const SessionDevices& devices, const Plan& plan, RunContext& context,
            const RunOptions& options);
  // After a run that didn't end: waits for its work, so that nothing writes to what the caller has.
  ~RunQueues();
  RunQueues(const RunQueues&) = delete;
  RunQueues& operator=(const RunQueues&) = delete;

  Queue& of(size_t device) const {
    const bool adopted = adopted_ != nullptr && static_cast<int>(device) == adopted_device_;
    return adopted ? *adopted_ : *context_.workspace->queues[device];
  }
  // Waits for what this run has begun on devices, and for what runs inside of it have.
  void settle() const;
  // From now on later runs come after what was put on the queues.
  void end();

 private:
  // Whether a device's work may go on when the run has returned.
  bool works_apart(size_t device) const { return context_.ends[device] != nullptr; }

  const SessionDevices& devices_;
  const Plan& plan_;
  RunContext& context_;
  int adopted_device_ = kHost;
  std::unique_ptr<Queue> adopted_;
  bool ended_ = false;
};

}  // namespace tenon::internal
