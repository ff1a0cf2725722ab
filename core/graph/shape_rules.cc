#include "core/graph/shape_rules.h"

#include <algorithm>
#include <span>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/size_rules.h"

namespace tenon::internal {

Shape broadcast_shape(const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank()) return Shape::unknown();
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> sizes(static_cast<size_t>(rank));
  for (int i = 1; i <= rank; ++i) {
    const int64_t x = i <= a.rank() ? a[-i] : 1;
    const int64_t y = i <= b.rank() ? b[-i] : 1;
    int64_t& size = sizes[static_cast<size_t>(rank - i)];
    if (x == y || y == 1) {
      size = x;
    } else if (x == 1) {
      size = y;
    } else if (x < 0 || y < 0) {
      // A known one above 1: the other must be equal or 1. TensorFlow doesn't say so of 0.
      size = std::max(x, y) > 1 ? std::max(x, y) : kUnknown;
    } else {
      fail<ValueError>(ErrorKind::shape_incompatible, "Dimensions must be equal, but are ", x,
                       " and ", y, ": shapes ", a, " and ", b, " don't broadcast");
    }
  }
  return Shape(sizes);
}

Shape with_rank(const Shape& shape, int rank, std::string_view what) {
  if (!shape.has_rank()) {
    return Shape(std::vector<int64_t>(static_cast<size_t>(rank), kUnknown));
  }
  require<ValueError>(shape.rank() == rank, ErrorKind::shape_incompatible, "Shape must be rank ",
                      rank, " but is rank ", shape.rank(), ": ", what, " has shape ", shape);
  return shape;
}

const Shape& with_rank_at_least(const Shape& shape, int rank, std::string_view what) {
  require<ValueError>(!shape.has_rank() || shape.rank() >= rank, ErrorKind::shape_incompatible,
                      "Shape must be at least rank ", rank, " but is rank ", shape.rank(), ": ",
                      what, " has shape ", shape);
  return shape;
}

int64_t merge_sizes(int64_t a, int64_t b, std::string_view what, const Shape& of_a,
                    const Shape& of_b) {
  require<ValueError>(a < 0 || b < 0 || a == b, ErrorKind::shape_incompatible,
                      "Dimensions must be equal, but are ", a, " and ", b, " (", what,
                      "): the shapes are ", of_a, " and ", of_b);
  return std::max(a, b);
}

int resolve_axis(int64_t axis, int rank, std::string_view what) {
  require<ValueError>(axis >= -rank && axis < rank, ErrorKind::shape_incompatible, "Invalid ", what,
                      " ", axis, ": it must be in [", -rank, ", ", rank, ")");
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Shape subshape(const Shape& shape, int begin, int end) {
  return Shape(shape.sizes().subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
}

Shape concatenated(const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank()) return Shape::unknown();
  Shape both = a;
  for (const int64_t size : b.sizes()) both.push_back(size);
  return both;
}

Shape without_axis(const Shape& shape, int axis) {
  return concatenated(subshape(shape, 0, axis), subshape(shape, axis + 1, shape.rank()));
}

Shape with_inserted(const Shape& shape, int axis, int64_t size) {
  Shape before = subshape(shape, 0, axis);
  before.push_back(size);
  return concatenated(before, subshape(shape, axis, shape.rank()));
}

int64_t count_of(const Shape& shape) {
  const std::span<const int64_t> sizes = shape.sizes();
  if (shape.has_rank() && std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return 0;
  return shape.fully_defined() ? shape.element_count() : kUnknown;
}

Shapes shape_of_first(const ShapeContext& context) { return {context.inputs[0]}; }

Shapes merged_shape(const ShapeContext& context) {
  Shape merged = context.inputs[0];
  for (const Shape& input : context.inputs) merged = merged.merged_with(input);
  return {merged};
}

Shapes scalar_shape(const ShapeContext&) { return {Shape{}}; }

Shapes broadcast_shapes(const ShapeContext& context) {
  Shape shape = context.inputs[0];
  for (size_t i = 1; i < context.inputs.size(); ++i) {
    shape = broadcast_shape(shape, context.inputs[i]);
  }
  return {shape};
}

Shapes unknown_shape(const ShapeContext&) { return {Shape::unknown()}; }

Shapes no_outputs(const ShapeContext&) { return {}; }

Shapes shape_from_value(const ShapeContext& context) {
  with_rank(context.inputs[0], 1, "the shape");
  if (const auto sizes = context.integers(0)) {
    for (const int64_t size : *sizes) {
      require<ValueError>(size >= 0, ErrorKind::shape_incompatible, "Dimension ", size,
                          " must be >= 0 in the shape [", join(*sizes), "]");
    }
  }
  return {context.value_as_shape(0)};
}

std::optional<Shape> shape_value_of_first(const ShapeContext& context) {
  return context.value_as_shape(0);
}

int64_t window_output_size(const WindowAxis& axis, std::string_view padding, int64_t before,
                           int64_t after, bool in_run) {
  if (axis.size < 0) return kUnknown;
  if (padding == "SAME") return axis.size / axis.stride + (axis.size % axis.stride != 0 ? 1 : 0);
  if (axis.window < 0) return kUnknown;
  // An axis that windows don't go along: it may be empty, as a batch of no images is.
  if (axis.window == 1 && axis.stride == 1 && before == 0 && after == 0) return axis.size;
  const int64_t reach = add_sizes(multiply_sizes(axis.window - 1, axis.dilation), 1);
  const int64_t padded = add_sizes(axis.size, add_sizes(before, after));
  const int64_t places = (padded - reach + axis.stride) / axis.stride;
  require<ValueError>(in_run ? places >= 0 : padded >= reach, ErrorKind::shape_incompatible,
                      "Negative dimension size caused by subtracting ", reach, " from ", padded,
                      ": the window of ", axis.window, " is larger than the input of ", axis.size);
  return places;
}

}  // namespace tenon::internal
