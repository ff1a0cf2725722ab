#include "core/session/taken_value.h"

#include <memory>

#include "core/plan/plan_graph.h"

namespace tenon::internal {

Tensor kept(const TakenValue& taken, const SessionDevices& devices) {
  if (taken.is_kept || !taken.value) return taken.value;
  const int memory = devices.memory_holding(taken.value);
  if (memory == kHost) return taken.value.clone();
  Device& device = devices.at(memory);
  Tensor copy =
      devices.make_tensor(static_cast<size_t>(memory), taken.value.dtype(), taken.value.shape());
  const std::unique_ptr<Queue> queue = device.make_queue();
  device.copy(copy.raw(), taken.value.raw(), taken.value.bytes(), *queue);
  device.wait(*queue);
  return copy;
}

}  // namespace tenon::internal
