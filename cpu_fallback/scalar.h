// The formulas of single elements, as kernels call them.
#pragma once

#include "core/kernels/bitwise_ops.h"
#include "core/kernels/scalar_ops.h"
#include "core/kernels/special_functions.h"
#include "cpu_fallback/half.h"

namespace tenon::cpu {

namespace scalar = internal::scalar;

}  // namespace tenon::cpu
