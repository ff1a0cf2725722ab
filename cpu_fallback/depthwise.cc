#include "cpu_fallback/depthwise.h"

#include <algorithm>
#include <vector>

#include "cpu_fallback/depthwise_kernels.h"
#include "cpu_fallback/gemm_kernels.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {

using internal::WindowAxis;
using internal::Windows;

struct Depthwise {
  Windows windows;
  int64_t multiplier;                       // outputs of a channel
  int64_t first_whole = 0, last_whole = 0;  // the windows [,) of a row that lie on the image
  int64_t outputs() const { return windows.channels * multiplier; }
  int64_t taps() const { return windows.h.size * windows.w.size; }
};

namespace {

// Products of a channel's numbers that are to be added up, in their order.
template <typename T>
class Products {
 public:
  explicit Products(const Depthwise& d) : d_(d) {}

  void add(const T* one, const T* other) {
    ones_.push_back(one);
    others_.push_back(other);
  }

  // to[c, m] = the sum of one[c] * other[c, m]; takes them all.
  void sum_to_outputs(T* to) {
    if (d_.multiplier == 1) return sum_channels(to);
    std::fill_n(to, d_.outputs(), T{0});
    for_each_output([&](int64_t c, int64_t o, const T* x, const T* f) { to[o] += x[c] * f[o]; });
  }
  // to[c] = the sum of one[c, m] * other[c, m], over m too; takes them all.
  void sum_to_channels(T* to) {
    if (d_.multiplier == 1) return sum_channels(to);
    std::fill_n(to, d_.windows.channels, T{0});
    for_each_output([&](int64_t c, int64_t o, const T* dy, const T* f) { to[c] += dy[o] * f[o]; });
  }

 private:
  void sum_channels(T* to) {
    sum_(ones_.data(), others_.data(), std::ssize(ones_), d_.windows.channels, to);
    clear();
  }
  template <typename F>
  void for_each_output(F f) {
    for (size_t i = 0; i < ones_.size(); ++i) {
      for (int64_t c = 0; c < d_.windows.channels; ++c) {
        const int64_t first = c * d_.multiplier;
        for (int64_t o = first; o < first + d_.multiplier; ++o) f(c, o, ones_[i], others_[i]);
      }
    }
    clear();
  }
  void clear() {
    ones_.clear();
    others_.clear();
  }

  const Depthwise& d_;
  const SumOfProducts<T> sum_ = sum_of_products<T>();
  std::vector<const T*> ones_, others_;
};

// The row of pixels that tap i of window y lies on.
int64_t pixel_of(const WindowAxis& axis, int64_t window, int64_t tap) {
  return window * axis.stride - axis.padding + tap * axis.dilation;
}

// Row y of the windows of image n.
template <typename T>
class WindowRow {
 public:
  WindowRow(const Depthwise& d, const T* images, const T* filter, int64_t n, int64_t y)
      : d_(d), images_(images), filter_(filter), n_(n), y_(y), products_(d) {}

  void run(T* out) {
    const WindowAxis& w = d_.windows.w;
    const int64_t first = d_.multiplier == 1 ? d_.first_whole : w.output;
    const int64_t last = d_.multiplier == 1 ? d_.last_whole : w.output;
    for (int64_t x = 0; x < first; ++x) sum_alone(x, out);
    if (first < last) sum_whole(first, last, out);
    for (int64_t x = last; x < w.output; ++x) sum_alone(x, out);
  }

 private:
  // Adds the products of window x.
  template <typename F>
  void for_products(int64_t x, F add) const {
    const WindowAxis &h = d_.windows.h, &w = d_.windows.w;
    for (int64_t i = h.first_tap(y_); i < h.last_tap(y_); ++i) {
      const T* row = images_ + (n_ * h.input + pixel_of(h, y_, i)) * w.input * d_.windows.channels;
      for (int64_t j = w.first_tap(x); j < w.last_tap(x); ++j) {
        add(row + pixel_of(w, x, j) * d_.windows.channels,
            filter_ + (i * w.size + j) * d_.outputs());
      }
    }
  }

  void sum_alone(int64_t x, T* out) {
    for_products(x, [&](const T* image, const T* tap) { products_.add(image, tap); });
    products_.sum_to_outputs(out + x * d_.outputs());
  }

  void sum_whole(int64_t first, int64_t last, T* out) const {
    std::vector<const T*> images, filters;
    for_products(first, [&](const T* image, const T* tap) {
      images.push_back(image);
      filters.push_back(tap);
    });
    sum_windows<T>()({.images = images.data(),
                      .filters = filters.data(),
                      .taps = std::ssize(images),
                      .channels = d_.windows.channels,
                      .windows = last - first,
                      .step = d_.windows.w.stride * d_.windows.channels,
                      .out = out + first * d_.outputs()});
  }

  const Depthwise& d_;
  const T *images_, *filter_;
  int64_t n_, y_;
  Products<T> products_;
};

// Row y of the pixels of image n.
template <typename T>
void image_gradient_row(const Depthwise& d, const T* filter, const T* gradient, int64_t n,
                        int64_t y, T* image) {
  const WindowAxis &h = d.windows.h, &w = d.windows.w;
  Products<T> products(d);
  for (int64_t x = 0; x < w.input; ++x) {
    for (int64_t i = 0; i < h.size; ++i) {
      const int64_t window = h.window_of(y, i);
      if (window < 0) continue;
      const T* row = gradient + (n * h.output + window) * w.output * d.outputs();
      for (int64_t j = 0; j < w.size; ++j) {
        const int64_t at = w.window_of(x, j);
        if (at < 0) continue;
        products.add(row + at * d.outputs(), filter + (i * w.size + j) * d.outputs());
      }
    }
    products.sum_to_channels(image + x * d.windows.channels);
  }
}

// One tap of the filter: the sums of rows of windows, which are added up.
template <typename T>
void filter_gradient_tap(const Depthwise& d, const T* images, const T* gradient, int64_t tap,
                         T* row_sums, T* filter) {
  const WindowAxis &h = d.windows.h, &w = d.windows.w;
  const int64_t i = tap / w.size, j = tap % w.size, outputs = d.outputs();
  Products<T> products(d);
  std::fill_n(filter, outputs, T{0});
  for (int64_t row = 0; row < d.windows.batch * h.output; ++row) {
    const int64_t y = pixel_of(h, row % h.output, i);
    if (y < 0 || y >= h.input) continue;
    const T* pixels = images + (row / h.output * h.input + y) * w.input * d.windows.channels;
    for (int64_t window = 0; window < w.output; ++window) {
      const int64_t x = pixel_of(w, window, j);
      if (x < 0 || x >= w.input) continue;
      products.add(pixels + x * d.windows.channels, gradient + (row * w.output + window) * outputs);
    }
    products.sum_to_outputs(row_sums);
    for (int64_t o = 0; o < outputs; ++o) filter[o] += row_sums[o];
  }
}

Depthwise depthwise_of(const Windows& windows, int64_t outputs) {
  const WindowAxis& w = windows.w;
  Depthwise d = {.windows = windows, .multiplier = outputs / windows.channels};
  while (d.first_whole < w.output && w.first_tap(d.first_whole) > 0) ++d.first_whole;
  d.last_whole = d.first_whole;
  while (d.last_whole < w.output && w.last_tap(d.last_whole) == w.size) ++d.last_whole;
  return d;
}

}  // namespace

template <typename T>
Kernel prepare_depthwise(const KernelRequest& request, const Windows& windows) {
  const Depthwise d = depthwise_of(windows, request.output_shape(0)[3]);
  return {.launch = [d, epilogue = request.epilogue](const Launch& args) {
    const WindowAxis &h = d.windows.h, &w = d.windows.w;
    const T* bias = epilogue.bias ? args.input<T>(2) : nullptr;
    for_rows(args, d.windows.batch * h.output, w.output * d.outputs() * d.taps(),
             [&](int64_t begin, int64_t end) {
               for (int64_t row = begin; row < end; ++row) {
                 T* out = args.output<T>(0) + row * w.output * d.outputs();
                 WindowRow<T>(d, args.input<T>(0), args.input<T>(1), row / h.output, row % h.output)
                     .run(out);
                 if (epilogue.empty()) continue;
                 gemm_kernels<T>().epilogue(out, d.outputs(), w.output, d.outputs(), bias,
                                            epilogue.activation, epilogue.alpha);
               }
             });
  }};
}

template <typename T>
Kernel prepare_depthwise_image_gradient(const KernelRequest& request, const Windows& windows) {
  const Depthwise d = depthwise_of(windows, request.input_shape(1)[3]);
  return {.launch = [d](const Launch& args) {
    const WindowAxis &h = d.windows.h, &w = d.windows.w;
    const int64_t width = w.input * d.windows.channels;
    for_rows(args, d.windows.batch * h.input, width * d.multiplier * d.taps(),
             [&](int64_t begin, int64_t end) {
               for (int64_t row = begin; row < end; ++row) {
                 image_gradient_row(d, args.input<T>(1), args.input<T>(2), row / h.input,
                                    row % h.input, args.output<T>(0) + row * width);
               }
             });
  }};
}

template <typename T>
Kernel prepare_depthwise_filter_gradient(const KernelRequest& request, const Windows& windows) {
  const Depthwise d = depthwise_of(windows, request.output_shape(0)[3]);
  return {.workspace_bytes = static_cast<size_t>(d.taps() * d.outputs()) * sizeof(T),
          .launch = [d](const Launch& args) {
            const int64_t outputs = d.outputs();
            pool(args).for_each(d.taps(), [&](int64_t tap) {
              filter_gradient_tap(d, args.input<T>(0), args.input<T>(2), tap,
                                  static_cast<T*>(args.workspace) + tap * outputs,
                                  args.output<T>(0) + tap * outputs);
            });
          }};
}

template Kernel prepare_depthwise<float>(const KernelRequest&, const Windows&);
template Kernel prepare_depthwise<double>(const KernelRequest&, const Windows&);
template Kernel prepare_depthwise_image_gradient<float>(const KernelRequest&, const Windows&);
template Kernel prepare_depthwise_image_gradient<double>(const KernelRequest&, const Windows&);
template Kernel prepare_depthwise_filter_gradient<float>(const KernelRequest&, const Windows&);
template Kernel prepare_depthwise_filter_gradient<double>(const KernelRequest&, const Windows&);

}  // namespace tenon::cpu
