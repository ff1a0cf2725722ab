#include "cpu_fallback/depthwise.h"

#include <algorithm>

#include "cpu_fallback/gemm_kernels.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/simd_targets.h"

namespace tenon::cpu {

using internal::WindowAxis;
using internal::Windows;

struct Depthwise {
  Windows windows;
  int64_t multiplier;  // outputs of a channel
  int64_t outputs() const { return windows.channels * multiplier; }
  int64_t taps() const { return windows.h.size * windows.w.size; }
};

namespace {

// to[c, m] += x[c] * f[c, m].
template <typename T>
void add_products(const T* x, const T* f, const Depthwise& d, T* to) {
  if (d.multiplier == 1) {
    TENON_INDEPENDENT
    for (int64_t c = 0; c < d.windows.channels; ++c) to[c] += x[c] * f[c];
    return;
  }
  for (int64_t c = 0; c < d.windows.channels; ++c) {
    const int64_t first = c * d.multiplier;
    for (int64_t m = 0; m < d.multiplier; ++m) to[first + m] += x[c] * f[first + m];
  }
}

// to[c] += sum over m of dy[c, m] * f[c, m].
template <typename T>
void add_sums(const T* dy, const T* f, const Depthwise& d, T* to) {
  if (d.multiplier == 1) return add_products(dy, f, d, to);
  for (int64_t c = 0; c < d.windows.channels; ++c) {
    const int64_t first = c * d.multiplier;
    for (int64_t m = 0; m < d.multiplier; ++m) to[c] += dy[first + m] * f[first + m];
  }
}

// The row of pixels that tap i of window y lies on.
int64_t pixel_of(const WindowAxis& axis, int64_t window, int64_t tap) {
  return window * axis.stride - axis.padding + tap * axis.dilation;
}

// Row y of the windows of image n.
template <typename T>
void convolve_row(const Depthwise& d, const T* images, const T* filter, int64_t n, int64_t y,
                  T* out) {
  const WindowAxis &h = d.windows.h, &w = d.windows.w;
  std::fill_n(out, w.output * d.outputs(), T{0});
  for (int64_t i = h.first_tap(y); i < h.last_tap(y); ++i) {
    const T* row = images + (n * h.input + pixel_of(h, y, i)) * w.input * d.windows.channels;
    for (int64_t x = 0; x < w.output; ++x) {
      for (int64_t j = w.first_tap(x); j < w.last_tap(x); ++j) {
        add_products(row + pixel_of(w, x, j) * d.windows.channels,
                     filter + (i * w.size + j) * d.outputs(), d, out + x * d.outputs());
      }
    }
  }
}

// Row y of the pixels of image n.
template <typename T>
void image_gradient_row(const Depthwise& d, const T* filter, const T* gradient, int64_t n,
                        int64_t y, T* image) {
  const WindowAxis &h = d.windows.h, &w = d.windows.w;
  std::fill_n(image, w.input * d.windows.channels, T{0});
  for (int64_t i = 0; i < h.size; ++i) {
    const int64_t window = h.window_of(y, i);
    if (window < 0) continue;
    const T* row = gradient + (n * h.output + window) * w.output * d.outputs();
    for (int64_t x = 0; x < w.input; ++x) {
      for (int64_t j = 0; j < w.size; ++j) {
        const int64_t at = w.window_of(x, j);
        if (at < 0) continue;
        add_sums(row + at * d.outputs(), filter + (i * w.size + j) * d.outputs(), d,
                 image + x * d.windows.channels);
      }
    }
  }
}

// One tap of the filter: the sums of rows of windows, which are added up.
template <typename T>
void filter_gradient_tap(const Depthwise& d, const T* images, const T* gradient, int64_t tap,
                         T* row_sums, T* filter) {
  const WindowAxis &h = d.windows.h, &w = d.windows.w;
  const int64_t i = tap / w.size, j = tap % w.size, outputs = d.outputs();
  std::fill_n(filter, outputs, T{0});
  for (int64_t row = 0; row < d.windows.batch * h.output; ++row) {
    const int64_t y = pixel_of(h, row % h.output, i);
    if (y < 0 || y >= h.input) continue;
    const T* pixels = images + (row / h.output * h.input + y) * w.input * d.windows.channels;
    std::fill_n(row_sums, outputs, T{0});
    for (int64_t window = 0; window < w.output; ++window) {
      const int64_t x = pixel_of(w, window, j);
      if (x < 0 || x >= w.input) continue;
      add_products(pixels + x * d.windows.channels, gradient + (row * w.output + window) * outputs,
                   d, row_sums);
    }
    for (int64_t o = 0; o < outputs; ++o) filter[o] += row_sums[o];
  }
}

Depthwise depthwise_of(const Windows& windows, int64_t outputs) {
  return {.windows = windows, .multiplier = outputs / windows.channels};
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
                 convolve_row(d, args.input<T>(0), args.input<T>(1), row / h.output, row % h.output,
                              out);
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
