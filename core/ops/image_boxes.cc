// Boxes in images: crop_and_resize, made of gathers, and what non_max_suppression is made of.
//   _NonMaxSuppression: boxes [N, 4] and scores [N], the highest first -> the places of those to
//   keep, in [min(N, max_output_size)], and how many they are

#include <algorithm>
#include <limits>

#include "core/base/check.h"
#include "core/ops/argument_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/image_ops.h"
#include "tenon/index_ops.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

Shapes suppression_shape(const ShapeContext& context) {
  const Shape boxes = with_rank(context.inputs[0], 2, "boxes");
  const Shape scores = with_rank(context.inputs[1], 1, "scores");
  const int64_t count = merge_sizes(boxes[0], scores[0], "boxes and scores", boxes, scores);
  with_rank(context.inputs[3], 0, "iou_threshold");
  with_rank(context.inputs[4], 0, "score_threshold");
  require<ValueError>(boxes[1] < 0 || boxes[1] == 4, ErrorKind::shape_incompatible,
                      "boxes must have 4 columns, but have shape ", boxes);
  const auto most = one_integer(context, 2, "max_output_size");
  require<ValueError>(most.value_or(0) >= 0, ErrorKind::bad_argument,
                      "max_output_size must be non-negative, not ", most.value_or(0));
  const int64_t kept =
      most && (*most == 0 || count >= 0) ? std::min(*most, std::max<int64_t>(count, 0)) : kUnknown;
  return {Shape{kept}, Shape()};
}

// The place of an image's last row or column.
Output last_along(const Output& image, int axis) {
  return cast(as_output(size_along(image, axis), "size"), float32) - 1.0f;
}

// As many numbers of images as boxes, and crops that have pixels, as far as the graph knows.
void check_boxes(const Output& boxes, const Output& numbers, const Output& size) {
  if (boxes.shape().has_rank() && numbers.shape().has_rank()) {
    merge_sizes(boxes.shape()[0], numbers.shape()[0], "boxes and box_ind", boxes.shape(),
                numbers.shape());
  }
  for (const int64_t pixels : known_integers(size).value_or(std::vector<int64_t>())) {
    require<ValueError>(pixels > 0, ErrorKind::bad_argument,
                        "crop dimensions must be positive, not ", pixels);
  }
}

// Where new rows or columns lie on the old ones: [boxes, count], by the boxes' edges.
Output places_on(const Output& from, const Output& to, const Output& last, const Output& count) {
  const Output steps = cast(count, float32) - 1.0f;
  const Output begin = expand_dims(from * last, 1), extent = expand_dims((to - from) * last, 1);
  const Output number = expand_dims(cast(range(count), float32), 0);
  const Output spread = begin + number * (extent / maximum(steps, 1.0f));
  const Output middle = begin + extent * 0.5f + number;  // of a single one
  return where(broadcast_to(greater(count, 1), shape(spread)), spread, middle);
}

// Pixels of the images at rows [boxes, height] and columns [boxes, width].
Output pixels_at(const Output& image, const Output& numbers, const Output& rows,
                 const Output& columns) {
  const Output y = expand_dims(rows, 2), x = expand_dims(columns, 1);
  const Output zero = zeros_like(y + x);
  const Output n = reshape(numbers, {-1, 1, 1});
  return gather_nd(image, stack({n + zero, y + zero, x + zero}, {.axis = 3}));
}

Output inside(const Output& places, const Output& last) {
  return minimum(maximum(places, 0.0f), last);
}

// One axis of crops: the old pixels before and behind, and how far on the way.
struct Between {
  Output before, behind, part;
};
Between between(const Output& places, const Output& last) {
  const Output at = inside(places, last), low = floor(at);
  return {cast(low, int32), cast(ceil(at), int32), at - low};
}

}  // namespace

void register_image_boxes(OpRegistry& ops) {
  ops.add({.name = "_NonMaxSuppression",
           .inputs = {"boxes: float32", "scores: float32", "max_output_size: int32",
                      "iou_threshold: float32", "score_threshold: float32"},
           .outputs = {"places: int32", "count: int32"},
           .shape = suppression_shape,
           .differentiable = false,
           .needs_value = {2}});
}

}  // namespace internal

using internal::as_output;
using internal::OpScope;
using internal::require;

Output image::crop_and_resize(Input image, Input boxes, Input box_indices, Integers crop_size,
                              const CropOptions& options) {
  const OpScope scope(options.name, "CropAndResize", {image, boxes, box_indices});
  require<ValueError>(options.method == "bilinear" || options.method == "nearest",
                      ErrorKind::bad_argument, "method must be bilinear or nearest, not '",
                      options.method, "'");
  Output from = cast(as_output(image, "image"), float32);
  const Output box = as_output(boxes, "boxes");
  Output number = as_output(box_indices, "box_ind");
  internal::with_rank(from.shape(), 4, "image");
  internal::with_rank(box.shape(), 2, "boxes");
  internal::with_rank(number.shape(), 1, "box_ind");
  const Output given_size = as_output(crop_size.as_input(), "crop_size");
  internal::check_boxes(box, number, given_size);
  // Where only the run knows how many they are, it finds out here that they are as many.
  if (!box.shape().fully_defined() || !number.shape().fully_defined()) {
    number = reshape(number, internal::integers_of({internal::size_along(box, 0)}));
  }
  if (!from.shape().has_rank()) {
    from = internal::add_output("Identity", {from}, {.shape = Shape{-1, -1, -1, -1}});
  }
  const Output size = cast(given_size, int32);
  const std::vector<Output> edges = unstack(box, {.num = 4, .axis = 1});
  const Output bottom = internal::last_along(from, 1), right = internal::last_along(from, 2);
  const Output rows = internal::places_on(edges[0], edges[2], bottom, size[0]);
  const Output columns = internal::places_on(edges[1], edges[3], right, size[1]);
  Output crops;
  if (options.method == "nearest") {
    const auto nearest = [](const Output& places, const Output& last) {
      return cast(floor(internal::inside(places, last) + 0.5f), int32);
    };
    crops = internal::pixels_at(from, number, nearest(rows, bottom), nearest(columns, right));
  } else {
    const internal::Between y = internal::between(rows, bottom),
                            x = internal::between(columns, right);
    const Output aside = expand_dims(expand_dims(x.part, 1), 3);
    const Output down = expand_dims(expand_dims(y.part, 2), 3);
    const auto across = [&](const Output& row) {
      const Output left = internal::pixels_at(from, number, row, x.before);
      return left + (internal::pixels_at(from, number, row, x.behind) - left) * aside;
    };
    const Output top = across(y.before);
    crops = top + (across(y.behind) - top) * down;
  }
  const auto is_inside = [](const Output& places, const Output& last) {
    return logical_and(greater_equal(places, 0.0f), less_equal(places, last));
  };
  const Output inside = logical_and(expand_dims(is_inside(rows, bottom), 2),
                                    expand_dims(is_inside(columns, right), 1));
  return internal::add_output(
      "SelectV2", {expand_dims(inside, 3), crops, as_output(options.extrapolation_value)},
      {.name = scope.name()});
}

Output image::non_max_suppression(Input boxes, Input scores, Input max_output_size,
                                  const SuppressionOptions& options) {
  const OpScope scope(options.name, "non_max_suppression", {boxes, scores, max_output_size});
  const Output box = as_output(boxes, "boxes"), score = as_output(scores, "scores");
  const Shape of_boxes = internal::with_rank(box.shape(), 2, "boxes");
  const Shape of_scores = internal::with_rank(score.shape(), 1, "scores");
  internal::merge_sizes(of_boxes[0], of_scores[0], "boxes and scores", of_boxes, of_scores);
  const nn::TopK best = nn::top_k(score, {.k = size(score)});
  const auto threshold = [](const std::optional<Input>& given, float otherwise) {
    return given ? *given : Input(otherwise);
  };
  const Operation kept = internal::add_operation(
      "_NonMaxSuppression",
      {gather(box, best.indices), best.values, max_output_size,
       threshold(options.iou_threshold, 0.5f),
       threshold(options.score_threshold, std::numeric_limits<float>::lowest())});
  const Output places = slice(kept.output(0), {0}, expand_dims(kept.output(1), 0));
  return gather(best.indices, places, {.name = scope.name()});
}

}  // namespace tenon
