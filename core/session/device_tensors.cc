// Tensors in the memory of a session's devices.
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/session/session_state.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

int SessionState::gpu(int number) const {
  for (size_t i = 0; i < devices_.size(); ++i) {
    const DeviceSpec spec = DeviceSpec::from_string(devices_[i]->name());
    if (spec.device_type == "GPU" && spec.device_index == number) return static_cast<int>(i);
  }
  fail<InvalidArgumentError>(ErrorKind::bad_device, "This session has no GPU ", number,
                             "; its devices are ", join(device_names()));
}

std::vector<std::string> SessionState::device_names() const {
  std::vector<std::string> names;
  for (const Device* device : devices_) names.push_back(device->name());
  return names;
}

// The device whose memory a fed tensor lies in.
int SessionState::memory_holding(const Tensor& tensor) const {
  if (&tensor.device() == host_device()) return kHost;
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (devices_[i]->name() == tensor.device()) return memory_of(static_cast<int>(i));
  }
  const DeviceSpec held = DeviceSpec::from_string(tensor.device());
  for (size_t i = 0; i < devices_.size(); ++i) {
    const DeviceSpec spec = DeviceSpec::from_string(devices_[i]->name());
    if (!devices_[i]->host_memory() && spec.device_type == held.device_type &&
        spec.device_index == held.device_index) {
      return static_cast<int>(i);
    }
  }
  fail<ValueError>(ErrorKind::bad_feed, "A value that is fed lies in memory of ", tensor.device(),
                   ", and this session has ", join(device_names()));
}

Tensor SessionState::device_tensor(size_t device, DType dtype, const Shape& shape) {
  Tensor tensor = allocate_tensor(*devices_[device], dtype, shape);
  auto shared = std::make_shared<Tensor::Buffer>(
      tensor.raw(), tensor.bytes(), &tensor.device(),
      [memory = tensor.buffer(), session = shared_from_this()]() mutable { memory.reset(); });
  return {dtype, shape, std::move(shared), 0};
}

// A copy of a fed tensor in host memory.
Tensor SessionState::on_host(const Tensor& tensor, const RunOptions& options) {
  const int memory = memory_holding(tensor);
  if (memory == kHost) return tensor.clone();
  Device& device = *devices_[static_cast<size_t>(memory)];
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
