// Plans print themselves.
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
    case StepKind::kBodies:
      return "bodies";
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
    if (!step.node->def->plan_note.empty()) text += str(" (", step.node->def->plan_note, ")");
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
