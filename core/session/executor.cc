// The executor: a loop over prepared kernels on prepared memory.
#include <cstring>

#include "core/base/strings.h"
#include "core/session/session_state.h"
#include "core/tensor/buffer.h"

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
  Run(PreparedRun& prepared, std::unique_ptr<Arena> arena, std::span<const Tensor> feeds,
      std::span<Tensor> outputs)
      : prepared_(prepared), plan_(*prepared.plan), outputs_(outputs), arena_(std::move(arena)) {
    for (size_t i = 0; i < plan_.slots.size(); ++i) {
      const Slot& slot = plan_.slots[i];
      const auto index = static_cast<size_t>(slot.index);
      if (slot.place == Slot::Place::kFeed) {
        arena_->pointers[i] = feeds[index].raw();
      } else if (slot.place == Slot::Place::kVariable) {
        arena_->pointers[i] = prepared.variables[index]->value.raw();
      }
    }
  }
  ~Run() { plan_.give_back(std::move(arena_)); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void execute() {
    make_outputs();
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      try {
        run_step(step, prepared_.streams[i]);
      } catch (const Error&) {
        rethrow_in(*step.node);
      }
    }
    hand_out();
  }

 private:
  void* pointer(int slot) const {
    return slot < 0 ? nullptr : arena_->pointers[static_cast<size_t>(slot)];
  }

  // Results are made in tensors that the run alone knows, and handed out when all went well.
  void make_outputs() {
    for (size_t i = 0; i < plan_.outputs.size(); ++i) {
      const PlanOutput& output = plan_.outputs[i];
      Tensor& result = arena_->outputs[i];
      result = outputs_[i] ? outputs_[i] : uninitialized_tensor(output.dtype, output.shape);
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
    } else if (result.raw() != from && result.bytes() != 0) {
      std::memcpy(result.raw(), from, result.bytes());
    }
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
  Queue& queue_of(const Step& step) const {
    return *arena_->queues[static_cast<size_t>(step.device)];
  }

  // Copies elements on the step's device.
  void copy_elements(const Step& step, void* to, const void* from, const Shape& shape,
                     DType dtype) const {
    if (dtype == DType::string) return copy_strings(to, from, shape);
    const size_t bytes = static_cast<size_t>(shape.element_count()) * size_of(dtype);
    if (to != from && bytes != 0) device_of(step).copy(to, from, bytes, queue_of(step));
  }

  // Copies what lies in the slot `from` to the step's output.
  void copy(const Step& step, int from) const {
    const Slot& slot = plan_.slots[static_cast<size_t>(step.outputs[0])];
    copy_elements(step, pointer(step.outputs[0]), pointer(from), slot.shape, slot.dtype);
  }

  void send(const Step& step) {
    if (step.outputs.empty()) return;  // from the host: the receiver copies
    copy(step, step.inputs[0]);
    device_of(step).record(queue_of(step), *arena_->events[static_cast<size_t>(step.event)]);
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
    const Slot& from = plan_.slots[static_cast<size_t>(step.inputs[1])];
    const void* value = pointer(step.inputs[1]);
    variable.reserve(from.dtype, step.shape);
    for (const int slot : prepared_.variable_slots[index]) {
      arena_->pointers[static_cast<size_t>(slot)] = variable.value.raw();
    }
    copy_elements(step, variable.value.raw(), value, step.shape, from.dtype);
  }

  PreparedRun& prepared_;
  const Plan& plan_;
  std::span<Tensor> outputs_;
  std::unique_ptr<Arena> arena_;
};

template <typename E>
[[noreturn]] void throw_extended(const E& error, const Node& node) {
  throw E(error.kind(), str(error.what(), "\n  in ", described(node)));
}

}  // namespace

void rethrow_in(const Node& node) {
  try {
    throw;
  } catch (const InvalidArgumentError& error) {
    throw_extended(error, node);
  } catch (const OutOfRangeError& error) {
    throw_extended(error, node);
  } catch (const ResourceExhaustedError& error) {
    throw_extended(error, node);
  } catch (const FailedPreconditionError& error) {
    throw_extended(error, node);
  } catch (const ValueError& error) {
    throw_extended(error, node);
  }
}

void execute(PreparedRun& prepared, std::unique_ptr<Arena> arena, std::span<const Tensor> feeds,
             std::span<Tensor> outputs) {
  Run(prepared, std::move(arena), feeds, outputs).execute();
}

}  // namespace tenon::internal
