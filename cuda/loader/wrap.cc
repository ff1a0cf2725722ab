// Tensors in a GPU's memory that the program around us owns. Needs nothing of CUDA's.
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/tensor/buffer.h"
#include "core/tensor/byte_count.h"
#include "tenon/cuda.h"

namespace tenon::cuda {

Tensor wrap(void* pointer, DType dtype, const Shape& shape, int gpu,
            std::function<void()> release) {
  internal::require<ValueError>(shape.fully_defined(), ErrorKind::no_shape,
                                "The shape of a tensor must be fully defined, got ", shape);
  const std::string* device = internal::intern_device(internal::str("/device:GPU:", gpu));
  const size_t bytes = internal::byte_count(dtype, shape);
  return {dtype, shape,
          std::make_shared<Tensor::Buffer>(pointer, bytes, device, std::move(release)), 0};
}

}  // namespace tenon::cuda
