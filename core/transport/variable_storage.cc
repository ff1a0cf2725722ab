#include "core/transport/variable_storage.h"

namespace tenon::internal {

void VariableStorage::reserve(DType dtype, const Shape& shape) {
  if (value && value.dtype() == dtype && value.shape() == shape) return;
  if (value && dtype != DType::string && value.dtype() == dtype &&
      value.element_count() == shape.element_count()) {
    value = value.reshaped(shape);
    return;
  }
  value = allocate_tensor(device_, dtype, shape);
}

}  // namespace tenon::internal
