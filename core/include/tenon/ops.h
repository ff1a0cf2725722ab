// All operations but those of neural networks (tenon/nn.h).
//
// Functions have TensorFlow's names and argument names; what TensorFlow takes by keyword is in an
// options struct, the last argument. Each adds operations to the graph that its arguments belong
// to (the default graph when they are literals) and returns their symbolic result; nothing is
// computed before a session runs it. Results belong to the graph; handles are cheap to copy.
// Calls are safe from many threads.
//
// All throw, having added nothing:
//   ValueError (shape_incompatible)  shapes that don't fit, with both shapes and the caller's line
//   TypeError (dtype_incompatible)   dtypes that don't fit each other or the operation
//   ValueError (invalid_name, ...)   a bad name
//   ValueError (bad_argument)        arguments of different graphs, values out of range
#pragma once

#include "tenon/arrange_ops.h"
#include "tenon/array_ops.h"
#include "tenon/bitwise.h"
#include "tenon/index_ops.h"
#include "tenon/math_ops.h"
#include "tenon/random_ops.h"
#include "tenon/special_math_ops.h"
