// The tensors that a run hands out.
#pragma once

#include <span>
#include <vector>

#include "core/session/run_call.h"
#include "core/session/run_context.h"
#include "core/session/run_queues.h"
#include "core/session/session_devices.h"

namespace tenon::internal {

// Results are made in tensors that only the run knows, or in those that the caller gives, and
// handed out when all went well. A tensor of the caller's that lies over one that is fed is written
// when nothing is read any more.
class RunResults {
 public:
  RunResults(const SessionDevices& devices, const Plan& plan, RunContext& context,
             const RunQueues& queues, const RunCall& call)
      : devices_(devices), plan_(plan), context_(context), queues_(queues), call_(call) {}

  // Throws InvalidArgumentError (bad_argument) where two of the caller's tensors lie over each
  // other.
  void make();
  void hand_out();

 private:
  bool lies_over_a_feed(const Tensor& tensor) const;
  void check_apart(size_t output) const;
  Tensor new_tensor(const PlanOutput& output) const;
  bool is_made(const PlanOutput& output) const;  // by bodies
  void hand_out_made(size_t i);
  void copy(const PlanOutput& output, const Tensor& to, const void* from) const;

  const SessionDevices& devices_;
  const Plan& plan_;
  RunContext& context_;
  const RunQueues& queues_;
  const RunCall& call_;
  std::vector<size_t> written_last_;  // outputs whose tensors lie over what is fed
};

}  // namespace tenon::internal
