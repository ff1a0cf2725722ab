// Which pixels of an image make one of the image of another size: as TensorFlow's, in 32 bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "core/base/check.h"
#include "core/kernels/host_device.h"
#include "core/kernels/kernel_arguments.h"

namespace tenon::internal {

enum class Resize : uint8_t { kNearest, kBilinear, kBicubic };

struct ResizeTaps {
  static constexpr int kMost = 4;
  int count;
  int64_t at[kMost];
  float weight[kMost];
};

// One axis of the image, rows or columns.
struct ResizeAxis {
  int64_t in, out;
  Resize how;
  bool align_corners, half_pixel_centers;
  float scale;

  ResizeAxis() = default;
  ResizeAxis(int64_t from, int64_t to, Resize kind, bool corners, bool centers)
      : in(from),
        out(to),
        how(kind),
        align_corners(corners),
        half_pixel_centers(centers),
        scale(corners && to > 1 ? static_cast<float>(from - 1) / static_cast<float>(to - 1)
                                : static_cast<float>(from) / static_cast<float>(to)) {}

  TENON_HOST_DEVICE ResizeTaps taps(int64_t place) const {
    switch (how) {
      case Resize::kNearest:
        return nearest(place);
      case Resize::kBilinear:
        return bilinear(place);
      default:
        return bicubic(place);
    }
  }

  // The places [first, last) of the new image that a pixel may take part in.
  TENON_HOST_DEVICE int64_t first_place(int64_t pixel) const {
    const float place = (static_cast<float>(pixel) - 3) / scale - 2;
    return place > 0 && scale > 0 ? static_cast<int64_t>(place) : 0;
  }
  TENON_HOST_DEVICE int64_t last_place(int64_t pixel) const {
    const float place = (static_cast<float>(pixel) + 3) / scale + 2;
    return place < static_cast<float>(out) && scale > 0 ? static_cast<int64_t>(place) + 1 : out;
  }

 private:
  TENON_HOST_DEVICE int64_t inside(int64_t pixel) const {
    return pixel < 0 ? 0 : pixel < in ? pixel : in - 1;
  }
  TENON_HOST_DEVICE float position(int64_t place) const {
    const auto at = static_cast<float>(place);
    return half_pixel_centers ? (at + 0.5F) * scale - 0.5F : at * scale;
  }

  TENON_HOST_DEVICE ResizeTaps nearest(int64_t place) const {
    const float at = (static_cast<float>(place) + (half_pixel_centers ? 0.5F : 0.0F)) * scale;
    const float whole = align_corners ? roundf(at) : floorf(at);
    return {1, {inside(static_cast<int64_t>(whole)), 0, 0, 0}, {1, 0, 0, 0}};
  }

  TENON_HOST_DEVICE ResizeTaps bilinear(int64_t place) const {
    const float at = position(place), below = floorf(at);
    const auto first = static_cast<int64_t>(below);
    return {2,
            {inside(first), inside(static_cast<int64_t>(ceilf(at))), 0, 0},
            {1 - (at - below), at - below, 0, 0}};
  }

  // The weight of a pixel at that distance, below 1 and from 1 to 2.
  TENON_HOST_DEVICE static float near_weight(float x, float a) {
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  }
  TENON_HOST_DEVICE static float far_weight(float x, float a) {
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  }

  // Distances are rounded to 1 / 1024, as those of TensorFlow's table. With half_pixel_centers the
  // kernel is another one, and pixels outside have no part.
  TENON_HOST_DEVICE ResizeTaps bicubic(int64_t place) const {
    const float at = position(place), below = floorf(at);
    const auto first = static_cast<int64_t>(below);
    const float distance = rintf((at - below) * 1024) / 1024;
    const float a = half_pixel_centers ? -0.5F : -0.75F;
    ResizeTaps taps = {4,
                       {inside(first - 1), inside(first), inside(first + 1), inside(first + 2)},
                       {far_weight(distance + 1, a), near_weight(distance, a),
                        near_weight(1 - distance, a), far_weight(2 - distance, a)}};
    if (!half_pixel_centers) return taps;
    float sum = 0;
    for (int i = 0; i < 4; ++i) {
      if (taps.at[i] != first - 1 + i) taps.weight[i] = 0;
      sum += taps.weight[i];
    }
    for (int i = 0; i < 4; ++i) taps.weight[i] /= sum;
    return taps;
  }
};

struct ResizedImage {
  int64_t batch, channels;
  ResizeAxis h, w;
};

// Of an operation "Resize..." from one shape to the other. Throws InvalidArgumentError.
inline ResizedImage resized_image(const KernelRequest& request, const Shape& from,
                                  const Shape& to) {
  const auto has = [&](std::string_view word) {
    return request.op.find(word) != std::string_view::npos;
  };
  const Resize how = has("Nearest")    ? Resize::kNearest
                     : has("Bilinear") ? Resize::kBilinear
                                       : Resize::kBicubic;
  const bool corners = request.attrs->get<bool>("align_corners"),
             centers = request.attrs->get<bool>("half_pixel_centers");
  require(from[1] > 0 && from[2] > 0 && to[1] > 0 && to[2] > 0, ErrorKind::shape_incompatible,
          "Images must have pixels to be resized: ", from, " to ", to);
  return {.batch = from[0],
          .channels = from[3],
          .h = ResizeAxis(from[1], to[1], how, corners, centers),
          .w = ResizeAxis(from[2], to[2], how, corners, centers)};
}

}  // namespace tenon::internal
