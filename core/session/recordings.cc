// The parts of a plan that a device records, and runs again as one.
#include "core/base/strings.h"
#include "core/session/executor.h"

namespace tenon::internal {

// Runs a part of the plan as it was recorded, if it was. It is recorded when it is about to run
// with the addresses of the run before, and its kernels are what they will be.
void Executor::run_segment(size_t index) {
  const Segment& segment = plan_.segments[index];
  RecordedSegment& recorded = context_.recorded[index];
  const auto device = static_cast<size_t>(segment.device);
  const bool as_before = note_addresses(segment, recorded) && recorded.has_run;
  recorded.has_run = true;
  if (!as_before) recorded.recording.reset();
  if (as_before && recorded.recording == nullptr && !recorded.refused && settled(segment)) {
    recorded.recording =
        plan_.devices[device]->make_recording(queues_.of(device), [&] { run_steps(segment); });
    recorded.refused = recorded.recording == nullptr;
  }
  if (recorded.recording == nullptr) return run_steps(segment);
  try {
    plan_.devices[device]->replay(*recorded.recording, queues_.of(device));
  } catch (Error& error) {
    error.add_context(str("\n  in an operation between ",
                          described(*plan_.steps[segment.begin].node), " and ",
                          described(*plan_.steps[segment.end - 1].node)));
    throw;
  }
}

bool Executor::settled(const Segment& segment) const {
  for (size_t i = segment.begin; i < segment.end; ++i) {
    const Kernel& kernel = plan_.steps[i].kernel;
    if (kernel.settled && !kernel.settled()) return false;
  }
  return true;
}

void Executor::run_steps(const Segment& segment) {
  for (size_t i = segment.begin; i < segment.end; ++i) run_step(i);
}

// Keeps the addresses that a segment is about to use; whether they are those of the run before.
// Those in the workspace aren't among them: a context that works elsewhere drops its recordings.
bool Executor::note_addresses(const Segment& segment, RecordedSegment& recorded) const {
  bool same = true;
  auto next = recorded.addresses.begin();
  const auto note = [&](const void* address) {
    same = same && address != nullptr && *next == address;
    *next++ = address;
  };
  for (const int slot : segment.slots) note(pointer(slot));
  for (const size_t at : segment.assignments) {
    const Step& step = plan_.steps[at];
    const Tensor& value = variable_of(step).storage->value;
    // Without memory of that shape yet, the variable gets some when it is assigned.
    note(value && value.shape() == step.value.shape ? value.raw() : nullptr);
  }
  return same;
}

}  // namespace tenon::internal
