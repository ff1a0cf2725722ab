// The executor: a loop over prepared kernels on prepared memory.
#include <cstring>

#include "core/base/strings.h"
#include "core/session/session_state.h"
#include "core/tensor/buffer.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {
namespace {

void copy_strings(void* to, const void* from, const Shape& shape) {
  const auto* strings = static_cast<const std::string*>(from);
  if (to != from) {
    std::copy_n(strings, shape.element_count(), static_cast<std::string*>(to));
  }
}

// One run. The arena goes back when it ends, however it ends.
class Run {
 public:
  Run(SessionState& session, PreparedRun& prepared, std::unique_ptr<Arena> arena,
      const RunCall& call)
      : session_(session),
        prepared_(prepared),
        plan_(*prepared.plan),
        options_(call.options),
        outputs_(call.outputs),
        arena_(std::move(arena)) {
    for (size_t i = 0; i < plan_.slots.size(); ++i) {
      const Slot& slot = plan_.slots[i];
      const auto index = static_cast<size_t>(slot.index);
      if (slot.place == Slot::Place::kFeed) {
        arena_->pointers[i] = call.feeds[index].raw();
      } else if (slot.place == Slot::Place::kVariable) {
        arena_->pointers[i] = prepared.variables[index]->value.raw();
      }
    }
  }
  ~Run() {
    if (!ended_) abandon();
    plan_.give_back(std::move(arena_));
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void execute() {
    if (options_.stream) adopt();
    begin();
    make_outputs();
    size_t segment = 0;
    for (size_t i = 0; i < plan_.steps.size();) {
      if (segment < plan_.segments.size() && plan_.segments[segment].begin == i) {
        i = plan_.segments[segment].end;
        run_segment(segment++);
      } else {
        run_step(i++);
      }
    }
    hand_out();
    end();
  }

 private:
  void* pointer(int slot) const {
    return slot < 0 ? nullptr : arena_->pointers[static_cast<size_t>(slot)];
  }

  // The caller's stream takes the place of the arena's queue.
  void adopt() {
    adopted_device_ = session_.gpu(options_.gpu);
    const auto device = static_cast<size_t>(adopted_device_);
    if (!plan_.uses_device[device]) return;
    adopted_ = plan_.devices[device]->adopt_queue(*options_.stream);
  }

  // Whether a device's work may go on when the run has returned.
  bool works_apart(size_t device) const { return arena_->ends[device] != nullptr; }

  // What earlier runs left under way on a device comes first: it may use what this one uses.
  void begin() {
    for (size_t i = 0; i < plan_.devices.size(); ++i) {
      if (!works_apart(i)) continue;
      session_.under_way(i).snapshot(arena_->awaited[i]);
      for (const RunEnd& earlier : arena_->awaited[i]) {
        plan_.devices[i]->wait_for(queue_of(i), *earlier.event);
      }
    }
  }

  void end() {
    for (size_t i = 0; i < plan_.devices.size(); ++i) {
      if (!works_apart(i)) continue;
      plan_.devices[i]->record(queue_of(i), *arena_->ends[i]);
      session_.under_way(i).replace(arena_->awaited[i], arena_->ends[i]);
      arena_->awaited[i].clear();
    }
    ended_ = true;
  }

  // After a failure: nothing may write to what the caller has from now on.
  void abandon() noexcept {
    for (size_t i = 0; i < plan_.devices.size(); ++i) {
      if (!works_apart(i)) continue;
      try {
        plan_.devices[i]->wait(queue_of(i));
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a device that fails doesn't write
      }
      arena_->awaited[i].clear();
    }
  }

  // Results are made in tensors that the run alone knows, and handed out when all went well.
  void make_outputs() {
    for (size_t i = 0; i < plan_.outputs.size(); ++i) {
      const PlanOutput& output = plan_.outputs[i];
      Tensor& result = arena_->outputs[i];
      if (outputs_[i]) {
        result = outputs_[i];
      } else if (output.memory == kHost) {
        result = uninitialized_tensor(output.dtype, output.shape);
      } else {
        result =
            session_.device_tensor(static_cast<size_t>(output.memory), output.dtype, output.shape);
      }
      if (!output.copied) arena_->pointers[static_cast<size_t>(output.slot)] = result.raw();
    }
  }

  void hand_out() {
    for (size_t i = 0; i < plan_.outputs.size(); ++i) {
      const PlanOutput& output = plan_.outputs[i];
      Tensor& result = arena_->outputs[i];
      if (output.copied) copy_out(output, result);
      outputs_[i] = std::move(result);
    }
  }

  void copy_out(const PlanOutput& output, Tensor& result) const {
    const void* from = pointer(output.slot);
    if (output.dtype == DType::string) {
      copy_strings(result.raw(), from, output.shape);
    } else if (output.memory != kHost) {
      const auto device = static_cast<size_t>(output.memory);
      plan_.devices[device]->copy(result.raw(), from, result.bytes(), queue_of(device));
    } else if (result.raw() != from && result.bytes() != 0) {
      std::memcpy(result.raw(), from, result.bytes());
    }
  }

  void run_step(size_t index) {
    const Step& step = plan_.steps[index];
    try {
      run_step(step, prepared_.streams[index]);
    } catch (Error& error) {
      error.add_context("\n  in " + described(*step.node));
      throw;
    }
  }

  // Runs a part of the plan as it was recorded, if it was. It is recorded when it is about to run
  // with the addresses of the run before.
  void run_segment(size_t index) {
    const Segment& segment = plan_.segments[index];
    RecordedSegment& recorded = arena_->recorded[index];
    const auto device = static_cast<size_t>(segment.device);
    const bool as_before = note_addresses(segment, recorded) && recorded.has_run;
    recorded.has_run = true;
    if (!as_before) recorded.recording.reset();
    if (as_before && recorded.recording == nullptr && !recorded.refused) {
      recorded.recording =
          plan_.devices[device]->make_recording(queue_of(device), [&] { run_steps(segment); });
      recorded.refused = recorded.recording == nullptr;
    }
    if (recorded.recording == nullptr) return run_steps(segment);
    try {
      plan_.devices[device]->replay(*recorded.recording, queue_of(device));
    } catch (Error& error) {
      error.add_context(str("\n  in an operation between ",
                            described(*plan_.steps[segment.begin].node), " and ",
                            described(*plan_.steps[segment.end - 1].node)));
      throw;
    }
  }

  void run_steps(const Segment& segment) {
    for (size_t i = segment.begin; i < segment.end; ++i) run_step(i);
  }

  // Keeps the addresses that a segment is about to use; whether they are those of the run before.
  bool note_addresses(const Segment& segment, RecordedSegment& recorded) const {
    bool same = true;
    auto next = recorded.addresses.begin();
    const auto note = [&](const void* address) {
      same = same && address != nullptr && *next == address;
      *next++ = address;
    };
    for (const int slot : segment.slots) note(pointer(slot));
    for (const size_t at : segment.assignments) {
      const Step& step = plan_.steps[at];
      const Tensor& value = prepared_.variables[static_cast<size_t>(step.variable)]->value;
      // Without memory of that shape yet, the variable gets some when it is assigned.
      note(value && value.shape() == step.value.shape ? value.raw() : nullptr);
    }
    return same;
  }

  void run_step(const Step& step, RandomStream* stream) {
    switch (step.kind) {
      case StepKind::kAssign:
        return assign(step);
      case StepKind::kIsInitialized:
        *static_cast<bool*>(pointer(step.outputs[0])) =
            prepared_.variables[static_cast<size_t>(step.variable)]->initialized();
        return;
      case StepKind::kInitializedValue: {
        const bool has_value =
            prepared_.variables[static_cast<size_t>(step.variable)]->initialized();
        return copy(step, step.inputs[has_value ? 0 : 1]);
      }
      case StepKind::kCopy:
        return copy(step, step.inputs[0]);
      case StepKind::kSend:
        return send(step);
      case StepKind::kReceive:
        return receive(step);
      default:
        launch(step, stream);
    }
  }

  Device& device_of(const Step& step) const {
    return *plan_.devices[static_cast<size_t>(step.device)];
  }
  Queue& queue_of(size_t device) const {
    const bool adopted = adopted_ != nullptr && static_cast<int>(device) == adopted_device_;
    return adopted ? *adopted_ : *arena_->queues[device];
  }
  Queue& queue_of(const Step& step) const { return queue_of(static_cast<size_t>(step.device)); }

  // Copies elements on the step's device.
  void copy_elements(const Step& step, void* to, const void* from, const Shape& shape,
                     DType dtype) const {
    if (dtype == DType::string) return copy_strings(to, from, shape);
    const size_t bytes = byte_count(dtype, shape);
    if (to != from && bytes != 0) device_of(step).copy(to, from, bytes, queue_of(step));
  }

  // Copies what lies in the slot `from` to the step's output.
  void copy(const Step& step, int from) const {
    copy_elements(step, pointer(step.outputs[0]), pointer(from), step.value.shape,
                  step.value.dtype);
  }

  void send(const Step& step) {
    if (step.outputs.empty()) return;  // from the host: the receiver copies
    const auto event = static_cast<size_t>(step.event), peer = static_cast<size_t>(step.peer);
    if (Event* ready = arena_->ready[event].get(); ready != nullptr) {
      // What the receiver does with that memory before comes first.
      plan_.devices[peer]->record(queue_of(peer), *ready);
      device_of(step).wait_for(queue_of(step), *ready);
    }
    copy(step, step.inputs[0]);
    device_of(step).record(queue_of(step), *arena_->events[event]);
  }

  void receive(const Step& step) {
    if (!step.outputs.empty()) return copy(step, step.inputs[0]);
    const Event& sent = *arena_->events[static_cast<size_t>(step.event)];
    if (device_of(step).host_memory()) {
      plan_.devices[static_cast<size_t>(step.peer)]->wait(sent);
    } else {
      device_of(step).wait_for(queue_of(step), sent);
    }
  }

  void launch(const Step& step, RandomStream* stream) {
    for (size_t i = 0; i < step.inputs.size(); ++i) arena_->arguments[i] = pointer(step.inputs[i]);
    for (size_t i = 0; i < step.outputs.size(); ++i) arena_->results[i] = pointer(step.outputs[i]);
    Launch launch{.inputs = arena_->arguments.data(),
                  .outputs = arena_->results.data(),
                  .workspace = workspace_of(step),
                  .queue = &queue_of(step)};
    if (step.kernel.wants_versions) {
      for (size_t i = 0; i < step.inputs.size(); ++i) {
        arena_->versions[i] = version_of(step.inputs[i]);
      }
      launch.input_versions = arena_->versions.data();
    }
    if (stream != nullptr) {
      launch.random_blocks_drawn = stream->blocks_drawn.fetch_add(step.kernel.random_blocks);
    }
    step.kernel.launch(launch);
  }

  // See Launch::input_versions.
  uint64_t version_of(int slot) const {
    if (slot < 0) return 0;
    const Slot& of = plan_.slots[static_cast<size_t>(slot)];
    const auto index = static_cast<size_t>(of.index);
    if (of.place == Slot::Place::kConstant) return 1;
    if (of.place != Slot::Place::kVariable || plan_.variables[index].written) return 0;
    return prepared_.variables[index]->version;
  }

  void* workspace_of(const Step& step) const {
    const size_t memory = device_of(step).host_memory() ? kHost : static_cast<size_t>(step.device);
    return static_cast<char*>(arena_->memory[memory].get()) + step.workspace_offset;
  }

  void assign(const Step& step) {
    const auto index = static_cast<size_t>(step.variable);
    VariableStorage& variable = *prepared_.variables[index];
    const void* value = pointer(step.inputs[1]);
    const Tensor before = variable.value;
    variable.reserve(step.value.dtype, step.value.shape);
    // Earlier steps may still read it: it goes when the end of this run is recorded.
    if (before && before.raw() != variable.value.raw()) replaced_.push_back(before);
    for (const int slot : prepared_.variable_slots[index]) {
      arena_->pointers[static_cast<size_t>(slot)] = variable.value.raw();
    }
    copy_elements(step, variable.value.raw(), value, step.value.shape, step.value.dtype);
  }

  SessionState& session_;
  PreparedRun& prepared_;
  const Plan& plan_;
  const RunOptions& options_;
  std::span<Tensor> outputs_;
  std::unique_ptr<Arena> arena_;
  int adopted_device_ = kHost;
  std::unique_ptr<Queue> adopted_;
  std::vector<Tensor> replaced_;  // values of variables that were given other memory
  bool ended_ = false;
};

}  // namespace

void execute(SessionState& session, PreparedRun& prepared, std::unique_ptr<Arena> arena,
             const RunCall& call) {
  Run(session, prepared, std::move(arena), call).execute();
}

}  // namespace tenon::internal
