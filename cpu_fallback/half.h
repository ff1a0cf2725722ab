// Numbers of 16 bits, as kernels call them.
#pragma once

#include "core/tensor/half.h"

namespace tenon::cpu {

using internal::Bfloat16;
using internal::Half;

}  // namespace tenon::cpu
