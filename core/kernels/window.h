// Where the windows of convolutions and pooling lie on an image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/kernels/host_device.h"
#include "core/tensor/attr_value.h"

namespace tenon::internal {

// One axis of the image: window i covers the taps i * stride - padding + j * dilation, j < size.
struct WindowAxis {
  int64_t input, output, size, stride, dilation, padding;

  // The taps [first, last) of window i that lie on the image.
  TENON_HOST_DEVICE int64_t first_tap(int64_t i) const {
    const int64_t before = padding - i * stride;
    return before <= 0 ? 0 : in_taps(before);
  }
  TENON_HOST_DEVICE int64_t last_tap(int64_t i) const {
    const int64_t room = input - (i * stride - padding);
    const int64_t taps = room <= 0 ? 0 : in_taps(room);
    return taps < size ? taps : size;
  }
  // The window whose tap `tap` lies on a pixel; -1 where there is none.
  TENON_HOST_DEVICE int64_t window_of(int64_t pixel, int64_t tap) const {
    const int64_t start = pixel + padding - tap * dilation;
    if (start < 0 || start % stride != 0) return -1;
    return start / stride < output ? start / stride : -1;
  }
  // How many taps cover so many pixels. Without a division where there is no dilation.
  TENON_HOST_DEVICE int64_t in_taps(int64_t pixels) const {
    return dilation == 1 ? pixels : (pixels + dilation - 1) / dilation;
  }
};

struct Windows {
  int64_t batch, channels;  // of the image
  WindowAxis h, w;
};

// The windows of a convolution or pooling of an NHWC image: attributes strides, padding,
// explicit_paddings and dilations, as TensorFlow's. Throws UnimplementedError for NCHW.
inline Windows make_windows(const AttrMap& attrs, const Shape& image, const Shape& output,
                            int64_t size_h, int64_t size_w) {
  const std::string format = attrs.get_or<std::string>("data_format", "NHWC");
  require<UnimplementedError>(format == "NHWC", ErrorKind::bad_argument,
                              "Kernels take images only as NHWC, not as ", format);
  const auto& strides = attrs.get<std::vector<int64_t>>("strides");
  const auto dilations = attrs.get_or("dilations", std::vector<int64_t>{1, 1, 1, 1});
  const auto& padding = attrs.get<std::string>("padding");
  const auto explicit_paddings = attrs.get_or("explicit_paddings", std::vector<int64_t>{});
  const auto make = [&](int index, int64_t size) {
    const auto at = static_cast<size_t>(index);
    WindowAxis axis = {.input = image[index],
                       .output = output[index],
                       .size = size,
                       .stride = strides.at(at),
                       .dilation = dilations.at(at),
                       .padding = 0};
    if (padding == "SAME") {
      const int64_t covered = (axis.output - 1) * axis.stride + (size - 1) * axis.dilation + 1;
      axis.padding = covered > axis.input ? (covered - axis.input) / 2 : 0;
    } else if (padding == "EXPLICIT") {
      axis.padding = explicit_paddings.at(2 * at);
    }
    return axis;
  };
  return {.batch = image[0], .channels = image[3], .h = make(1, size_h), .w = make(2, size_w)};
}

// In how many groups a convolution's channels are: each has filters of its own, and sees its own
// part of the image's channels. Throws InvalidArgumentError (shape_incompatible) where they don't
// divide.
inline int64_t conv_groups(const Shape& image, const Shape& filter) {
  const int64_t channels = image[3], taken = filter[2], outputs = filter[3];
  if (channels == taken) return 1;
  require(taken > 0 && channels > 0 && channels % taken == 0 && outputs % (channels / taken) == 0,
          ErrorKind::shape_incompatible, "The image ", image,
          " has another number of channels than the filter ", filter, " takes");
  return channels / taken;
}

}  // namespace tenon::internal
