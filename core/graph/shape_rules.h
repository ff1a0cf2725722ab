// What the shape functions of many operations share. All throw ValueError (shape_incompatible).
#pragma once

#include <string_view>

#include "core/graph/op_def.h"

namespace tenon::internal {

// The shape that two shapes broadcast to by numpy's rule, as far as it is known.
Shape broadcast_shape(const Shape& a, const Shape& b);

// The shape with its rank known to be that (sizes unknown when it was unknown).
Shape with_rank(const Shape& shape, int rank, std::string_view what);
// The shape, of unknown rank or at least that.
const Shape& with_rank_at_least(const Shape& shape, int rank, std::string_view what);

// The size that both say; kUnknown when neither knows.
int64_t merge_sizes(int64_t a, int64_t b, std::string_view what, const Shape& of_a,
                    const Shape& of_b);

// An axis counted from the start. `rank` is known.
int resolve_axis(int64_t axis, int rank, std::string_view what = "axis");

// Sizes [begin, end) of a shape of known rank.
Shape subshape(const Shape& shape, int begin, int end);
Shape concatenated(const Shape& a, const Shape& b);
Shape without_axis(const Shape& shape, int axis);
Shape with_inserted(const Shape& shape, int axis, int64_t size);
// The number of elements, kUnknown where it isn't known; none where any size is 0.
int64_t count_of(const Shape& shape);

// Every output has the first input's shape; the merged shape of all inputs; a scalar; what all
// inputs broadcast to.
Shapes shape_of_first(const ShapeContext& context);
Shapes merged_shape(const ShapeContext& context);
Shapes scalar_shape(const ShapeContext& context);
Shapes broadcast_shapes(const ShapeContext& context);
Shapes unknown_shape(const ShapeContext& context);
Shapes no_outputs(const ShapeContext& context);
// The value of input 0 read as a shape.
Shapes shape_from_value(const ShapeContext& context);

// A value's reading as a shape (OpDef::shape_value) that is that of input 0.
std::optional<Shape> shape_value_of_first(const ShapeContext& context);

// How a window moves along one axis.
struct WindowAxis {
  int64_t size = kUnknown;  // of the input
  int64_t window = kUnknown;
  int64_t stride = 1;
  int64_t dilation = 1;
};
// The size of the output: "SAME", "VALID", or "EXPLICIT" with what is put before and after. In a
// run, as in TensorFlow's, a window that sticks out by less than two strides has no place; before,
// where sizes are known, it is a mistake.
int64_t window_output_size(const WindowAxis& axis, std::string_view padding, int64_t before = 0,
                           int64_t after = 0, bool in_run = false);

}  // namespace tenon::internal
