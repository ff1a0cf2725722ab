// The primitives of elementwise programs, each on a block of elements.
#pragma once

#include <cstddef>

#include "core/backend/elementwise.h"

namespace tenon::cpu {

// Elements in a block are computed in groups of this many; blocks have room for whole groups.
inline constexpr size_t kBlockGroup = 16;

// Computes `count` elements of `out` from those of the operands, and what lies beyond up to
// `padded`, a multiple of kBlockGroup: there the operands repeat their last element, and so does
// the result. `out` may be an operand.
using BlockFunction = void (*)(void* out, const void* a, const void* b, const void* c,
                               size_t padded, size_t count);

// The function for this processor; null when the primitive has no meaning for these dtypes.
BlockFunction find_block_function(internal::Primitive primitive, DType operand, DType result);

// Writes `count` copies of an element.
using RepeatFunction = void (*)(const void* element, void* out, size_t count);

// The function for elements of so many bytes and this processor.
RepeatFunction find_repeat_function(size_t bytes);

// Those for the dtypes of 8 and 16 bits and the unsigned ones of 32 and 64, which are not worth
// code for each kind of processor.
BlockFunction find_rare_block_function(internal::Primitive primitive, DType operand, DType result);

}  // namespace tenon::cpu
