// The number in a tensor of one element, of whatever integer dtype.
#pragma once

#include <cstdint>

#include "tenon/tensor.h"

namespace tenon::internal {

// Throws TypeError (dtype_incompatible) for another dtype, ValueError for more than one element.
int64_t integer_value(const Tensor& tensor);

}  // namespace tenon::internal
