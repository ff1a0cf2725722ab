// Tensors in a device's memory.
#include "core/backend/backend.h"
#include "core/base/strings.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

Tensor allocate_tensor(Device& device, DType dtype, const Shape& shape) {
  if (dtype == DType::string) return uninitialized_tensor(dtype, shape);
  const auto count = static_cast<size_t>(shape.element_count());
  size_t bytes = 0;
  require<ResourceExhaustedError>(!__builtin_mul_overflow(count, size_of(dtype), &bytes),
                                  ErrorKind::resource_exhausted, "Out of memory: ", count,
                                  " elements of ", dtype, " on ", device.name(),
                                  " have more bytes than 64 bits can count");
  void* memory = device.allocate(bytes);
  Device* on = &device;
  const std::string* name = device.host_memory() ? host_device() : intern_device(device.name());
  return Tensor(
      dtype, shape,
      std::make_shared<Tensor::Buffer>(memory, bytes, name, [on, memory] { on->release(memory); }),
      0);
}

}  // namespace tenon::internal
