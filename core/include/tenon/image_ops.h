// Images of another size: TensorFlow's tf.image.resize_*. tenon/ops.h says what all share.
#pragma once

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

}  // namespace tenon::image
