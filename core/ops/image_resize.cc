// ResizeNearestNeighbor, ResizeBilinear, ResizeBicubic and their gradients.
//   images [N, H, W, C], size [rows, columns] -> [N, rows, columns, C]

#include "tenon/image_ops.h"

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/ops/argument_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/window_rules.h"

namespace tenon {
namespace internal {
namespace {

void require_pixels(const ShapeContext& context, const Shape& image) {
  for (const int axis : {1, 2}) {
    require<ValueError>(image[axis] != 0 || !context.planning(), ErrorKind::shape_incompatible,
                        "Images must have pixels to be resized, but have shape ", image);
  }
}

// The image's shape with other sizes.
Shapes resized_shape(const ShapeContext& context) {
  Shape image = with_rank(context.inputs[0], 4, "images");
  with_rank(context.inputs[1], 1, "size");
  const Shape size = with_rank(context.value_as_shape(1), 2, "size");
  require_pixels(context, image);
  for (const int axis : {0, 1}) {
    require<ValueError>(size[axis] != 0, ErrorKind::bad_argument,
                        "output dimensions must be positive, but size is ", size);
    image[axis + 1] = size[axis];
  }
  return {image};
}

Shapes like_original(const ShapeContext& context) {
  const Shape gradient = with_rank(context.inputs[0], 4, "grads");
  Shape image = with_rank(context.inputs[1], 4, "original_image");
  require_pixels(context, image);
  require_pixels(context, gradient);
  image[0] = merge_sizes(image[0], gradient[0], "batches", image, gradient);
  image[3] = merge_sizes(image[3], gradient[3], "channels", image, gradient);
  return {image};
}

AttrMap resize_attributes(const Operation& op) {
  return attributes_of(op, {"align_corners", "half_pixel_centers"});
}

// The rows and columns of an image as an operation's argument.
Input size_argument(const Output& image) {
  const Shape known = image.shape();
  if (known.has_rank() && known[1] >= 0 && known[2] >= 0) {
    return Tensor({static_cast<int32_t>(known[1]), static_cast<int32_t>(known[2])});
  }
  return strided_slice(shape(image), {1}, {3});
}

Outputs nearest_gradient(const Operation& op, const Outputs& dy) {
  const Output images = op.input(0);
  return {add_output("ResizeNearestNeighborGrad", {dy[0], size_argument(images)},
                     {.attrs = resize_attributes(op)}),
          Output()};
}
Outputs nearest_grad_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("ResizeNearestNeighbor", {dy[0], size_argument(op.input(0))},
                     {.attrs = resize_attributes(op)}),
          Output()};
}

Outputs bilinear_gradient(const Operation& op, const Outputs& dy) {
  if (!is_floating(op.input(0).dtype())) return {Output(), Output()};
  return {add_output("ResizeBilinearGrad", {dy[0], op.input(0)}, {.attrs = resize_attributes(op)}),
          Output()};
}
Outputs bilinear_grad_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("ResizeBilinear", {dy[0], size_argument(op.input(0))},
                     {.attrs = resize_attributes(op)}),
          Output()};
}

Outputs bicubic_gradient(const Operation& op, const Outputs& dy) {
  if (!is_floating(op.input(0).dtype())) return {Output(), Output()};
  return {add_output("ResizeBicubicGrad", {dy[0], op.input(0)}, {.attrs = resize_attributes(op)}),
          Output()};
}
Outputs bicubic_grad_gradient(const Operation& op, const Outputs& dy) {
  return {add_output("ResizeBicubic", {dy[0], size_argument(op.input(0))},
                     {.attrs = resize_attributes(op)}),
          Output()};
}

OpDef resize_op(const char* name, std::vector<std::string> inputs, const char* output,
                const std::vector<DType>& types, ShapeFunction shape, GradientFunction gradient) {
  return {.name = name,
          .inputs = std::move(inputs),
          .outputs = {output},
          .defaults = {{"align_corners", false}, {"half_pixel_centers", false}},
          .types = {{"T", types}},
          .shape = shape,
          .gradient = gradient};
}

Output resize(const char* type, const Input& images, const Integers& size,
              const image::ResizeOptions& options) {
  require<ValueError>(!options.align_corners || !options.half_pixel_centers,
                      ErrorKind::bad_argument,
                      "If half_pixel_centers is true, align_corners must be false");
  const CallerLine line(images.where());
  const Input sizes = size.as_input();
  const Input argument = sizes.is_output() || sizes.is_weak() ? sizes : Input::weak(sizes.value());
  return add_output(type, {images, argument},
                    {.name = options.name,
                     .attrs = {{"align_corners", options.align_corners},
                               {"half_pixel_centers", options.half_pixel_centers}}});
}

}  // namespace

void register_image_resize(OpRegistry& ops) {
  const std::vector<std::string> forward = {"images: T", "size: int32"};
  const std::vector<std::string> backward = {"grads: float32", "original_image: T"};
  OpDef nearest = resize_op("ResizeNearestNeighbor", forward, "resized_images: T", kUsualNumbers,
                            resized_shape, nearest_gradient);
  OpDef nearest_grad = resize_op("ResizeNearestNeighborGrad", {"grads: T", "size: int32"},
                                 "output: T", kUsualNumbers, resized_shape, nearest_grad_gradient);
  OpDef bilinear = resize_op("ResizeBilinear", forward, "resized_images: float32", kUsualNumbers,
                             resized_shape, bilinear_gradient);
  OpDef bicubic = resize_op("ResizeBicubic", forward, "resized_images: float32", kUsualNumbers,
                            resized_shape, bicubic_gradient);
  for (OpDef* def : {&nearest, &nearest_grad, &bilinear, &bicubic}) {
    def->needs_value = {1};
    ops.add(std::move(*def));
  }
  OpDef bilinear_grad = resize_op("ResizeBilinearGrad", backward, "output: T", kFloats,
                                  like_original, bilinear_grad_gradient);
  OpDef bicubic_grad = resize_op("ResizeBicubicGrad", backward, "output: T", kFloats, like_original,
                                 bicubic_grad_gradient);
  for (OpDef* def : {&bilinear_grad, &bicubic_grad}) {
    def->shape_only = {1};
    ops.add(std::move(*def));
  }
}

}  // namespace internal

Output image::resize_nearest_neighbor(Input images, Integers size, const ResizeOptions& options) {
  return internal::resize("ResizeNearestNeighbor", images, size, options);
}
Output image::resize_bilinear(Input images, Integers size, const ResizeOptions& options) {
  return internal::resize("ResizeBilinear", images, size, options);
}
Output image::resize_bicubic(Input images, Integers size, const ResizeOptions& options) {
  return internal::resize("ResizeBicubic", images, size, options);
}

}  // namespace tenon
