// The executor: a loop over prepared kernels on prepared memory.
#pragma once

#include <vector>

#include "core/session/body_step.h"
#include "core/session/executable.h"
#include "core/session/run_call.h"
#include "core/session/run_queues.h"
#include "core/session/run_results.h"
#include "core/session/session_devices.h"

namespace tenon::internal {

// One run of an executable, whose variables are locked, in a context that is entered.
class Executor {
 public:
  Executor(const SessionDevices& devices, const Executable& executable, RunContext& context,
           const RunCall& call, BodyRunner& bodies);
  void run();

 private:
  void run_step(size_t index);
  void run_step(const Step& step, RandomStream* stream);

  // Parts that a device records (recordings.cc).
  void run_segment(size_t index);
  bool settled(const Segment& segment) const;
  void run_steps(const Segment& segment);
  bool note_addresses(const Segment& segment, RecordedSegment& recorded) const;

  void copy_elements(const Step& step, void* to, const void* from, const Shape& shape,
                     DType dtype) const;
  void copy(const Step& step, int from) const;
  void copy_initialized(const Step& step) const;
  void assign(const Step& step);
  void send(const Step& step);
  void receive(const Step& step);
  void launch(const Step& step, RandomStream* stream);

  // Steps that run bodies, or functions of the host (executor_bodies.cc).
  void run_bodies(const Step& step);
  TakenValue taken_from(int slot, const TensorSpec& spec) const;
  void keep_made(const Step& step, size_t output, Tensor value);
  Tensor copied_to_device(const Step& step, const Tensor& value) const;

  uint64_t version_of(int slot) const;
  void* workspace_of(const Step& step) const;
  const BoundVariable& variable_of(const Step& step) const {
    return executable_.variables[static_cast<size_t>(step.variable)];
  }
  void* pointer(int slot) const {
    return slot < 0 ? nullptr : context_.pointers[static_cast<size_t>(slot)];
  }
  Device& device_of(const Step& step) const {
    return *plan_.devices[static_cast<size_t>(step.device)];
  }
  Queue& queue_of(const Step& step) const { return queues_.of(static_cast<size_t>(step.device)); }

  const SessionDevices& devices_;
  const Executable& executable_;
  const Plan& plan_;
  RunContext& context_;
  const RunCall& call_;
  BodyRunner& bodies_;
  std::vector<Tensor> replaced_;  // values of variables that were given other memory
  RunQueues queues_;              // after a failure it waits for what uses all the others
  RunResults results_;
};

}  // namespace tenon::internal
