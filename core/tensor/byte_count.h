// How much memory a tensor takes.
#pragma once

#include <cstddef>

#include "tenon/dtype.h"
#include "tenon/shape.h"

namespace tenon::internal {

// The bytes of a tensor. Throws ResourceExhaustedError for more than any memory has: so many can be
// rounded up, and those of many tensors added, without an overflow.
size_t byte_count(DType dtype, const Shape& shape);

}  // namespace tenon::internal
