#include "core/session/session_devices.h"

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/plan/plan_graph.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

SessionDevices::SessionDevices(std::shared_ptr<Transport> transport)
    : transport_(std::move(transport)) {
  for (const Device* device : all()) under_way_.push_back(runs_under_way(*device));
}

const std::string& SessionDevices::host_of(int task) const {
  int first = 0;
  while (task_of(first) != task) ++first;
  return at(first).name();
}

std::string SessionDevices::names() const {
  std::vector<std::string> names;
  for (const Device* device : all()) names.push_back(device->name());
  return join(names);
}

std::vector<DeviceInfo> SessionDevices::list() const {
  std::vector<DeviceInfo> infos;
  for (const Device* device : all()) {
    infos.push_back({.name = device->name(),
                     .device_type = DeviceSpec::from_string(device->name()).device_type.value(),
                     .memory_limit = device->memory_limit(),
                     .description = device->description()});
  }
  return infos;
}

int SessionDevices::gpu(int number) const {
  for (size_t i = 0; i < all().size(); ++i) {
    const DeviceSpec spec = DeviceSpec::from_string(all()[i]->name());
    if (spec.device_type == "GPU" && spec.device_index == number) return static_cast<int>(i);
  }
  fail<InvalidArgumentError>(ErrorKind::bad_device, "This session has no GPU ", number,
                             "; its devices are ", names());
}

int SessionDevices::memory_holding(const Tensor& tensor) const {
  if (&tensor.device() == host_device()) return kHost;
  for (size_t i = 0; i < all().size(); ++i) {
    if (all()[i]->name() != tensor.device()) continue;
    return all()[i]->host_memory() ? kHost : static_cast<int>(i);
  }
  const DeviceSpec held = DeviceSpec::from_string(tensor.device());
  for (size_t i = 0; i < all().size(); ++i) {
    const DeviceSpec spec = DeviceSpec::from_string(all()[i]->name());
    if (!all()[i]->host_memory() && spec.device_type == held.device_type &&
        spec.device_index == held.device_index) {
      return static_cast<int>(i);
    }
  }
  fail<ValueError>(ErrorKind::bad_feed, "A value that is fed lies in memory of ", tensor.device(),
                   ", and this session has ", names());
}

Tensor SessionDevices::make_tensor(size_t device, DType dtype, const Shape& shape) const {
  Tensor tensor = allocate_tensor(*all()[device], dtype, shape);
  auto shared = std::make_shared<Tensor::Buffer>(
      tensor.raw(), tensor.bytes(), &tensor.device(),
      [memory = tensor.buffer(), devices = shared_from_this()]() mutable { memory.reset(); });
  return {dtype, shape, std::move(shared), 0};
}

Tensor SessionDevices::copy_to_host(const Tensor& tensor, const RunOptions& options) const {
  const int memory = memory_holding(tensor);
  if (memory == kHost) return tensor.clone();
  Device& device = at(memory);
  const bool adopts = options.stream && gpu(options.gpu) == memory;
  const std::unique_ptr<Queue> queue =
      adopts ? device.adopt_queue(*options.stream) : device.make_queue();
  // The run that computes it may still be under way.
  std::vector<RunEnd> earlier;
  under_way(static_cast<size_t>(memory)).snapshot(earlier);
  for (const RunEnd& run : earlier) device.wait_for(*queue, *run.event);
  Tensor copy = uninitialized_tensor(tensor.dtype(), tensor.shape());
  device.copy(copy.raw(), tensor.raw(), tensor.bytes(), *queue);
  device.wait(*queue);
  return copy;
}

}  // namespace tenon::internal
