// Tensors in a device's memory.
#include "core/backend/backend.h"
#include "core/tensor/buffer.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {

Tensor allocate_tensor(Device& device, DType dtype, const Shape& shape) {
  if (dtype == DType::string) return uninitialized_tensor(dtype, shape);
  const size_t bytes = byte_count(dtype, shape);
  void* memory = device.allocate(bytes);
  Device* on = &device;
  const std::string* name = device.host_memory() ? host_device() : intern_device(device.name());
  return Tensor(
      dtype, shape,
      std::make_shared<Tensor::Buffer>(memory, bytes, name, [on, memory] { on->release(memory); }),
      0);
}

}  // namespace tenon::internal
