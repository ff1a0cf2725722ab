// Summaries of values, for TensorBoard: strings that hold the serialized message. The functions
// that make them are in core/variables/summaries.cc, since they put them into a collection.
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/graph/op_def.h"

namespace tenon::internal {
namespace {

const std::vector<DType>& summarized_types() {
  static const std::vector<DType> all = {float32, float64, float16, bfloat16, int8,   uint8, int16,
                                         uint16,  int32,   uint32,  int64,    uint64, bool_};
  return all;
}

Shapes one_summary_shape(const ShapeContext&) { return {Shape{}}; }

// " (tag 'loss')", where the tag is known.
std::string tag_of(const ShapeContext& context) {
  const Tensor tag = context.value(0);
  if (!tag || tag.element_count() != 1) return {};
  return str(" (tag '", tag.scalar<std::string>(), "')");
}

Shapes scalars_shape(const ShapeContext& context) {
  const Shape &tags = context.inputs[0], &values = context.inputs[1];
  require(tags.compatible_with(values), ErrorKind::shape_incompatible,
          "tags and values are not the same shape: ", tags, " != ", values, tag_of(context));
  return {Shape{}};
}

void require_scalar(const ShapeContext& context, int input, const char* what) {
  const Shape& shape = context.inputs[static_cast<size_t>(input)];
  require(shape.compatible_with({}), ErrorKind::shape_incompatible, what, " must be scalar, not ",
          shape);
}

Shapes distribution_shape(const ShapeContext& context) {
  require_scalar(context, 0, "tags");
  return {Shape{}};
}

Shapes pictures_shape(const ShapeContext& context) {
  require_scalar(context, 0, "Tags");
  const Shape& images = context.inputs[1];
  if (!images.has_rank()) return {Shape{}};
  const bool fits = images.rank() == 4 &&
                    (images[3] == kUnknown || images[3] == 1 || images[3] == 3 || images[3] == 4);
  require(fits, ErrorKind::shape_incompatible, "Tensor must be 4-D with last dim 1, 3, or 4, not ",
          images);
  return {Shape{}};
}

Shapes strings_shape(const ShapeContext& context) {
  require_scalar(context, 0, "tag");
  require_scalar(context, 2, "serialized_summary_metadata");
  return {Shape{}};
}

}  // namespace

void register_summary(OpRegistry& ops) {
  ops.add({.name = "ScalarSummary",
           .inputs = {"tags: string", "values: T"},
           .outputs = {"summary: string"},
           .types = {{"T", summarized_types()}},
           .shape = scalars_shape,
           .differentiable = false});
  ops.add({.name = "HistogramSummary",
           .inputs = {"tag: string", "values: T"},
           .outputs = {"summary: string"},
           .types = {{"T", summarized_types()}},
           .shape = distribution_shape,
           .differentiable = false});
  ops.add({.name = "ImageSummary",
           .inputs = {"tag: string", "tensor: T"},
           .outputs = {"summary: string"},
           .defaults = {{"max_images", int64_t{3}},
                        {"bad_color", Tensor(std::vector<uint8_t>{255, 0, 0, 255})}},
           .types = {{"T", {uint8, float32, float16, float64}}},
           .shape = pictures_shape,
           .differentiable = false});
  ops.add({.name = "TensorSummaryV2",
           .inputs = {"tag: string", "tensor: T", "serialized_summary_metadata: string"},
           .outputs = {"summary: string"},
           .types = {{"T", {string}}},
           .shape = strings_shape,
           .differentiable = false});
  ops.add({.name = "MergeSummary",
           .inputs = {"inputs: N * string"},
           .outputs = {"summary: string"},
           .shape = one_summary_shape,
           .differentiable = false});
}

}  // namespace tenon::internal
