// Operations on the bits of integers, as TensorFlow's tf.bitwise.
#pragma once

#include "tenon/array_ops.h"
#include "tenon/export.h"
#include "tenon/graph.h"

// Of integers of any width, elementwise; operands broadcast and have one dtype. No gradient flows
// through them.
namespace tenon::bitwise {

TENON_API Output bitwise_and(Input x, Input y, const OpOptions& options = {});
TENON_API Output bitwise_or(Input x, Input y, const OpOptions& options = {});
TENON_API Output bitwise_xor(Input x, Input y, const OpOptions& options = {});
TENON_API Output invert(Input x, const OpOptions& options = {});
// x shifted by y bits: by none where y is negative, and by all but one where there aren't as many.
// To the right what is negative stays so.
TENON_API Output left_shift(Input x, Input y, const OpOptions& options = {});
TENON_API Output right_shift(Input x, Input y, const OpOptions& options = {});
// How many bits are set, as uint8.
TENON_API Output population_count(Input x, const OpOptions& options = {});

}  // namespace tenon::bitwise
