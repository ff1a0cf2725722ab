#include "core/session/run_context.h"

namespace tenon::internal {

RunContext::RunContext(const Plan& plan)
    : bases(plan.devices.size()), blocks_before(plan.devices.size()) {
  make_events(plan);
  make_room(plan);
}

void RunContext::make_events(const Plan& plan) {
  ends.resize(plan.devices.size());
  awaited.resize(plan.devices.size());
  for (size_t i = 0; i < plan.devices.size(); ++i) {
    if (plan.uses_device[i] && !plan.devices[i]->host_memory()) {
      ends[i] = plan.devices[i]->make_event();
    }
  }
  events.resize(static_cast<size_t>(plan.event_count));
  ready.resize(static_cast<size_t>(plan.event_count));
  for (const Step& step : plan.steps) {
    if (step.kind != StepKind::kSend) continue;
    const auto event = static_cast<size_t>(step.event);
    events[event] = plan.devices[static_cast<size_t>(step.device)]->make_event();
    Device& peer = *plan.devices[static_cast<size_t>(step.peer)];
    const bool writes_there = !step.outputs.empty() && !peer.host_memory();
    if (writes_there) ready[event] = peer.make_event();
  }
}

void RunContext::make_room(const Plan& plan) {
  recorded.resize(plan.segments.size());
  for (size_t i = 0; i < plan.segments.size(); ++i) {
    const Segment& segment = plan.segments[i];
    recorded[i].addresses.resize(segment.slots.size() + segment.assignments.size());
  }
  for (const TensorSpec& spec : plan.string_tensors) strings.emplace_back(spec.dtype, spec.shape);
  pointers.resize(plan.slots.size());
  for (size_t i = 0; i < plan.slots.size(); ++i) {
    const Slot& slot = plan.slots[i];
    const auto index = static_cast<size_t>(slot.index);
    if (slot.place == Slot::Place::kConstant) {
      pointers[i] = plan.constants[index].raw();
    } else if (slot.place == Slot::Place::kStrings) {
      pointers[i] = strings[index].raw();
    }
  }
  arguments.resize(plan.most_inputs);
  versions.resize(plan.most_inputs);
  results.resize(plan.most_outputs);
  outputs.resize(plan.outputs.size());
  made.resize(static_cast<size_t>(plan.made_count));
}

void RunContext::enter(const Plan& plan, std::unique_ptr<Workspace> entered) {
  workspace = std::move(entered);
  workspace_before = workspace->number;
  for (size_t i = 0; i < bases.size(); ++i) {
    if (workspace->blocks[i].number != blocks_before[i]) move_to(plan, i);
  }
}

std::unique_ptr<Workspace> RunContext::leave() {
  for (Tensor& output : outputs) output = Tensor();
  for (Tensor& tensor : made) tensor = Tensor();
  return std::move(workspace);
}

// What was recorded belongs to other memory.
void RunContext::move_to(const Plan& plan, size_t device) {
  blocks_before[device] = workspace->blocks[device].number;
  bases[device] = workspace->blocks[device].memory.get();
  for (size_t i = 0; i < plan.slots.size(); ++i) {
    const Slot& slot = plan.slots[i];
    if (slot.place != Slot::Place::kArena || static_cast<size_t>(slot.memory) != device) continue;
    pointers[i] = static_cast<char*>(bases[device]) + slot.offset;
  }
  for (RecordedSegment& segment : recorded) segment.recording.reset();
}

std::unique_ptr<RunContext> RunContexts::lease(const Plan& plan) {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<RunContext> context = std::move(idle_.back());
      idle_.pop_back();
      return context;
    }
  }
  return std::make_unique<RunContext>(plan);
}

void RunContexts::give_back(std::unique_ptr<RunContext> context) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(context));
}

}  // namespace tenon::internal
