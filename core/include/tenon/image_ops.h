// Images of another size, and boxes in them: TensorFlow's tf.image. tenon/ops.h says what all
// share.
#pragma once

#include <optional>
#include <string>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/op_arguments.h"

namespace tenon::image {

// Where the pixels of the new image lie on the old one: by the ratio of the sizes from the upper
// left corners on; with align_corners by the distances of the corner pixels' centers; with
// half_pixel_centers by all pixels' centers.
struct ResizeOptions {
  bool align_corners = false;
  bool half_pixel_centers = false;
  std::string name = {};
};
// images [N, H, W, C], size of int32 [rows, columns] -> [N, rows, columns, C]. The nearest pixel,
// of the images' dtype; the four around it, of float32 whatever the images'; sixteen, likewise.
// Throws ValueError (bad_argument) for both options at once.
TENON_API Output resize_nearest_neighbor(Input images, Integers size,
                                         const ResizeOptions& options = {});
TENON_API Output resize_bilinear(Input images, Integers size, const ResizeOptions& options = {});
TENON_API Output resize_bicubic(Input images, Integers size, const ResizeOptions& options = {});

struct CropOptions {
  std::string method = "bilinear";  // or "nearest"
  float extrapolation_value = 0;    // of pixels that are outside of the image
  std::string name = {};
};
// Parts of images, all made of one size: image [N, H, W, C]; boxes [B, 4], each [y1, x1, y2, x2],
// where 0 is the center of the first pixel and 1 that of the last; box_indices [B] of int32, the
// numbers of their images; crop_size [height, width] -> [B, height, width, C] of float32. Throws
// ValueError: bad_argument for another method, shape_incompatible for other ranks.
TENON_API Output crop_and_resize(Input image, Input boxes, Input box_indices, Integers crop_size,
                                 const CropOptions& options = {});

struct SuppressionOptions {
  std::optional<Input> iou_threshold = {};    // left out: 0.5
  std::optional<Input> score_threshold = {};  // left out: any score will do
  std::string name = {};
};
// The numbers of the boxes [N, 4], each [y1, x1, y2, x2], that are left where each, the highest of
// the scores [N] first, takes away those whose intersection with it is more than iou_threshold of
// their union: at most max_output_size, a scalar of int32, of scores above score_threshold. Both
// are of float32, the numbers of int32. Throws ValueError (shape_incompatible) for other shapes.
TENON_API Output non_max_suppression(Input boxes, Input scores, Input max_output_size,
                                     const SuppressionOptions& options = {});

}  // namespace tenon::image
