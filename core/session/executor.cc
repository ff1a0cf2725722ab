#include "core/session/executor.h"

#include <algorithm>
#include <string>

#include "core/base/check.h"
#include "core/plan/plan_graph.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {

Executor::Executor(const SessionDevices& devices, const Executable& executable, RunContext& context,
                   const RunCall& call, BodyRunner& bodies)
    : devices_(devices),
      executable_(executable),
      plan_(*executable.plan),
      context_(context),
      call_(call),
      bodies_(bodies),
      queues_(devices, plan_, context, call.options),
      results_(devices, plan_, context, queues_, call) {
  for (size_t i = 0; i < plan_.slots.size(); ++i) {
    const Slot& slot = plan_.slots[i];
    const auto index = static_cast<size_t>(slot.index);
    if (slot.place == Slot::Place::kFeed) {
      require<FailedPreconditionError>(call.feeds[index] || !plan_.needed_feeds[index],
                                       ErrorKind::not_computed, "What hangs on a branch that ",
                                       "wasn't taken has no value");
      context.pointers[i] = call.feeds[index].raw();
    } else if (slot.place == Slot::Place::kVariable) {
      context.pointers[i] = executable.variables[index].storage->value.raw();
    }
  }
}

void Executor::run() {
  results_.make();
  size_t segment = 0;
  for (size_t i = 0; i < plan_.steps.size();) {
    // Bodies run step by step: what they make lies elsewhere in each round.
    const bool records = !call_.is_inside && segment < plan_.segments.size();
    if (records && plan_.segments[segment].begin == i) {
      i = plan_.segments[segment].end;
      run_segment(segment++);
    } else {
      run_step(i++);
    }
  }
  results_.hand_out();
  queues_.end();
}

void Executor::run_step(size_t index) {
  const Step& step = plan_.steps[index];
  try {
    run_step(step, executable_.streams[index]);
  } catch (Error& error) {
    error.add_context("\n  in " + described(*step.node));
    throw;
  }
}

void Executor::run_step(const Step& step, RandomStream* stream) {
  switch (step.kind) {
    case StepKind::kAssign:
      return assign(step);
    case StepKind::kIsInitialized:
      *static_cast<bool*>(pointer(step.outputs[0])) = variable_of(step).is_initialized();
      return;
    case StepKind::kInitializedValue:
      return copy_initialized(step);
    case StepKind::kCopy:
      return copy(step, step.inputs[0]);
    case StepKind::kBodies:
      return run_bodies(step);
    case StepKind::kSend:
      return send(step);
    case StepKind::kReceive:
      return receive(step);
    default:
      launch(step, stream);
  }
}

// Copies elements on the step's device.
void Executor::copy_elements(const Step& step, void* to, const void* from, const Shape& shape,
                             DType dtype) const {
  if (to == from) return;
  if (dtype == DType::string) {
    const auto* const strings = static_cast<const std::string*>(from);
    std::copy_n(strings, shape.element_count(), static_cast<std::string*>(to));
    return;
  }
  const size_t bytes = byte_count(dtype, shape);
  if (bytes != 0) device_of(step).copy(to, from, bytes, queue_of(step));
}

// Copies what lies in the slot `from` to the step's output.
void Executor::copy(const Step& step, int from) const {
  copy_elements(step, pointer(step.outputs[0]), pointer(from), step.value.shape, step.value.dtype);
}

// Copies the variable's value, or its initial value where it has none.
void Executor::copy_initialized(const Step& step) const {
  const bool is_initialized = variable_of(step).is_initialized();
  require(is_initialized || step.initial == step.value.shape, ErrorKind::shape_incompatible,
          "The initial value has shape ", step.initial, ", but the variable ",
          variable_of(step).node->name, " has shape ", step.value.shape);
  copy(step, step.inputs[is_initialized ? 0 : 1]);
}

void Executor::assign(const Step& step) {
  const BoundVariable& variable = variable_of(step);
  VariableStorage& storage = *variable.storage;
  const void* value = pointer(step.inputs[1]);
  const Tensor before = storage.value;
  storage.reserve(step.value.dtype, step.value.shape);
  storage.reshaped = !variable.declared.compatible_with(step.value.shape);
  // Earlier steps may still read it: it goes when the end of this run is recorded.
  if (before && before.raw() != storage.value.raw()) replaced_.push_back(before);
  for (const int slot : variable.slots) {
    context_.pointers[static_cast<size_t>(slot)] = storage.value.raw();
  }
  copy_elements(step, storage.value.raw(), value, step.value.shape, step.value.dtype);
}

void Executor::send(const Step& step) {
  if (step.outputs.empty()) return;  // from the host: the receiver copies
  const auto event = static_cast<size_t>(step.event), peer = static_cast<size_t>(step.peer);
  if (Event* ready = context_.ready[event].get(); ready != nullptr) {
    // What the receiver does with that memory before comes first.
    plan_.devices[peer]->record(queues_.of(peer), *ready);
    device_of(step).wait_for(queue_of(step), *ready);
  }
  copy(step, step.inputs[0]);
  device_of(step).record(queue_of(step), *context_.events[event]);
}

void Executor::receive(const Step& step) {
  if (!step.outputs.empty()) return copy(step, step.inputs[0]);
  const Event& sent = *context_.events[static_cast<size_t>(step.event)];
  if (device_of(step).host_memory()) {
    plan_.devices[static_cast<size_t>(step.peer)]->wait(sent);
  } else {
    device_of(step).wait_for(queue_of(step), sent);
  }
}

void Executor::launch(const Step& step, RandomStream* stream) {
  for (size_t i = 0; i < step.inputs.size(); ++i) context_.arguments[i] = pointer(step.inputs[i]);
  for (size_t i = 0; i < step.outputs.size(); ++i) context_.results[i] = pointer(step.outputs[i]);
  Launch launch{.inputs = context_.arguments.data(),
                .outputs = context_.results.data(),
                .workspace = workspace_of(step),
                .queue = &queue_of(step)};
  if (step.kernel.wants_versions) {
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      context_.versions[i] = version_of(step.inputs[i]);
    }
    launch.input_versions = context_.versions.data();
  }
  if (stream != nullptr) {
    launch.random_blocks_drawn = stream->blocks_drawn.fetch_add(step.kernel.random_blocks);
  }
  step.kernel.launch(launch);
}

// See Launch::input_versions.
uint64_t Executor::version_of(int slot) const {
  if (slot < 0) return 0;
  const Slot& of = plan_.slots[static_cast<size_t>(slot)];
  if (of.place == Slot::Place::kConstant) return 1;
  if (of.place != Slot::Place::kVariable) return 0;
  const BoundVariable& variable = executable_.variables[static_cast<size_t>(of.index)];
  return variable.access == Access::kWrite ? 0 : variable.storage->version;
}

void* Executor::workspace_of(const Step& step) const {
  const size_t memory = device_of(step).host_memory() ? kHost : static_cast<size_t>(step.device);
  return static_cast<char*>(context_.bases[memory]) + step.workspace_offset;
}

}  // namespace tenon::internal
