// What plans do once they are made: lease memory, and print themselves.
#include "core/plan/plan.h"

#include "core/base/strings.h"

namespace tenon::internal {
namespace {

std::string_view name_of(StepKind kind) {
  switch (kind) {
    case StepKind::kNothing:
      return "nothing";
    case StepKind::kKernel:
      return "kernel";
    case StepKind::kElementwise:
      return "elementwise";
    case StepKind::kAssign:
      return "assign";
    case StepKind::kIsInitialized:
      return "is_initialized";
    case StepKind::kInitializedValue:
      return "initialized_value";
    case StepKind::kCopy:
      return "copy";
    case StepKind::kSend:
      return "send";
    case StepKind::kReceive:
      return "receive";
  }
  return "";
}

// "/device:GPU:0" is enough to tell the devices of one task apart.
class ShortNames {
 public:
  explicit ShortNames(const std::vector<Device*>& devices) {
    for (const Device* device : devices) {
      const DeviceSpec one = DeviceSpec::from_string(device->name());
      const DeviceSpec first = DeviceSpec::from_string(devices[0]->name());
      if (one.job != first.job || one.task != first.task) many_tasks_ = true;
    }
  }
  std::string of(const Device& device) const {
    if (many_tasks_) return device.name();
    const DeviceSpec spec = DeviceSpec::from_string(device.name());
    return DeviceSpec{.device_type = spec.device_type, .device_index = spec.device_index}
        .to_string();
  }

 private:
  bool many_tasks_ = false;
};

}  // namespace

std::unique_ptr<Arena> Plan::lease() const {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Arena> arena = std::move(free_.back());
      free_.pop_back();
      return arena;
    }
  }
  std::unique_ptr<Arena> arena = make_arena();
  std::lock_guard lock(mutex_);
  ++arena_count_;
  return arena;
}

std::unique_ptr<Arena> Plan::make_arena() const {
  auto arena = std::make_unique<Arena>();
  arena->memory.resize(devices.size());
  arena->queues.resize(devices.size());
  for (size_t i = 0; i < devices.size(); ++i) {
    Device* device = devices[i];
    if (uses_device[i]) arena->queues[i] = device->make_queue();
    if (i != kHost && (device->host_memory() || !uses_device[i])) continue;
    arena->memory[i] = std::shared_ptr<void>(device->allocate(arenas[i].bytes),
                                             [device](void* memory) { device->release(memory); });
  }
  make_events(*arena);
  arena->recorded.resize(segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    arena->recorded[i].addresses.resize(segments[i].slots.size() + segments[i].assignments.size());
  }
  for (const TensorSpec& spec : string_tensors) arena->strings.emplace_back(spec.dtype, spec.shape);
  arena->pointers.resize(slots.size());
  arena->arguments.resize(most_inputs);
  arena->versions.resize(most_inputs);
  arena->results.resize(most_outputs);
  arena->outputs.resize(outputs.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    const Slot& slot = slots[i];
    const auto index = static_cast<size_t>(slot.index);
    if (slot.place == Slot::Place::kArena) {
      void* memory = nth(arena->memory, slot.memory).get();
      arena->pointers[i] = static_cast<char*>(memory) + slot.offset;
    } else if (slot.place == Slot::Place::kConstant) {
      arena->pointers[i] = constants[index].raw();
    } else if (slot.place == Slot::Place::kStrings) {
      arena->pointers[i] = arena->strings[index].raw();
    }
  }
  return arena;
}

void Plan::make_events(Arena& arena) const {
  arena.ends.resize(devices.size());
  arena.awaited.resize(devices.size());
  for (size_t i = 0; i < devices.size(); ++i) {
    if (uses_device[i] && !devices[i]->host_memory()) arena.ends[i] = devices[i]->make_event();
  }
  const auto count = static_cast<size_t>(event_count);
  arena.events.resize(count);
  arena.ready.resize(count);
  for (const Step& step : steps) {
    if (step.kind != StepKind::kSend) continue;
    const auto event = static_cast<size_t>(step.event);
    arena.events[event] = nth(devices, step.device)->make_event();
    Device& peer = *nth(devices, step.peer);
    const bool writes_there = !step.outputs.empty() && !peer.host_memory();
    if (writes_there) arena.ready[event] = peer.make_event();
  }
}

void Plan::give_back(std::unique_ptr<Arena> arena) const {
  for (Tensor& output : arena->outputs) output = Tensor();
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(arena));
}

void Plan::drop_idle_arenas() const {
  std::vector<std::unique_ptr<Arena>> dropped;  // outlives the lock
  std::lock_guard lock(mutex_);
  dropped.swap(free_);
  arena_count_ -= dropped.size();
}

size_t Plan::arena_count() const {
  std::lock_guard lock(mutex_);
  return arena_count_;
}

std::string Plan::to_string() const {
  const ShortNames names(devices);
  std::string text;
  for (const Step& step : steps) {
    const Device& device = *nth(devices, step.device);
    text += str(name_of(step.kind), " ", step.node->type(), " ", step.node->name);
    const bool moves = step.kind == StepKind::kSend || step.kind == StepKind::kReceive;
    if (moves) text += str(" ", step.value.dtype, step.value.shape);
    for (const TensorSpec& made : step.made) {
      if (!moves) text += str(" ", made.dtype, made.shape);
    }
    if (devices.size() > 1) text += " on " + names.of(device);
    if (moves) {
      text +=
          str(step.kind == StepKind::kSend ? " to " : " from ", names.of(*nth(devices, step.peer)));
    }
    if (!step.kernel.module.empty()) text += " by " + step.kernel.module;
    if (!step.fused.empty()) text += ": " + step.fused;
    text += "\n";
  }
  for (size_t i = 0; i < arenas.size(); ++i) {
    if (i != kHost && arenas[i].bytes == 0) continue;
    text +=
        str("arena", devices.size() > 1 ? " on " + names.of(*devices[i]) : "", ": ",
            arenas[i].bytes, " bytes, of which at most ", arenas[i].live_bytes, " live at once\n");
  }
  for (const Segment& segment : segments) {
    text += str("recorded on ", names.of(*nth(devices, segment.device)), ": ",
                segment.end - segment.begin, " steps from ", steps[segment.begin].node->name,
                " to ", steps[segment.end - 1].node->name, "\n");
  }
  if (rest) text += "then planned for the values found\n";
  return text;
}

}  // namespace tenon::internal
