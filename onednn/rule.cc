#include "onednn/rule.h"

#include "core/backend/module.h"

namespace tenon::onednn {
namespace {

// Tests have everything that oneDNN can do computed by it.
bool always() { return internal::is_set("TENON_ONEDNN_ALWAYS"); }

int64_t pixels(const ConvolutionSize& size) { return size.batch * size.points; }

}  // namespace

// Measured on one core with AVX-512, oneDNN 2.6.3 and 3.2, packing included; how many times faster
// than our own kernels:
//   1.1 to 2.3  filters of more than one tap, from [1,20,20,32] to [8,14,14,256]
//   0.4 to 1.0  an only channel; images of less than 10 by 10 (packing large filters costs most)
//   0.6 to 0.9  filters of one tap, which are plain products
bool wins_forward(const ConvolutionSize& size) {
  return always() || (size.taps > 1 && size.channels_in >= 3 && size.points >= 100);
}

//   1.1 to 2.9  filters of more than one tap, whatever the image
//   0.7 to 1.2  filters of one tap
bool wins_image_gradient(const ConvolutionSize& size) {
  return always() || (size.taps > 1 && size.channels_in >= 8);
}

//   1.1 to 4.1  filters of more than one tap; an only channel gains most
//   0.9 to 1.4  three channels, large taps
//   0.5 to 0.6  filters so large beside the images that adding the parts costs more than they do
bool wins_filter_gradient(const ConvolutionSize& size) {
  const int64_t filter = size.taps * size.channels_in * size.channels_out;
  const bool channels = size.channels_in == 1 || size.channels_in >= 8;
  return always() || (size.taps > 1 && channels && filter <= 256 * pixels(size));
}

//   1.0 to 2.2  256 rows and columns and more
//   1.3         128 rows of a transposed factor
//   0.3 to 1.0  fewer rows or columns
bool wins_product(const ProductSize& size) {
  const int64_t rows = size.transpose_a ? 128 : 256;
  const double work = static_cast<double>(size.m) * static_cast<double>(size.n * size.k);
  return always() || (size.m >= rows && size.n >= 256 && work >= 1.6e7);
}

}  // namespace tenon::onednn
