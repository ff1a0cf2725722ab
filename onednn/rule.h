// Where oneDNN is faster than the CPU backend's own kernels: a rule kept from measurements, never a
// timing inside a run. rule.cc tells the measurements.
#pragma once

#include <cstdint>

namespace tenon::onednn {

// A convolution: images [batch, ...] of `channels_in`, `points` elements of the output an image for
// each of `channels_out`, `taps` of the filter.
struct ConvolutionSize {
  int64_t batch, points, taps, channels_in, channels_out;
};

struct ProductSize {
  int64_t m, n, k;
  bool transpose_a, transpose_b;
};

bool wins_forward(const ConvolutionSize& size);
bool wins_image_gradient(const ConvolutionSize& size);
bool wins_filter_gradient(const ConvolutionSize& size);
bool wins_product(const ProductSize& size);

}  // namespace tenon::onednn
