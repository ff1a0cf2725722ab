// MaxPool and AvgPool of NHWC images, and their gradients. Padding takes no part: averages are over
// the pixels that lie on the image.
#include <algorithm>

#include "core/kernels/nn_arguments.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/scalar.h"
#include "cpu_fallback/simd_targets.h"

namespace tenon::cpu {

using internal::pool_windows;
using internal::WindowAxis;
using internal::Windows;

namespace {

// Calls f(offset of the pixel's channels) for each pixel of image n that window (y, x) sees.
template <typename F>
void for_pixels(const Windows& windows, int64_t n, int64_t y, int64_t x, F f) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const int64_t i_end = h.last_tap(y), j_begin = w.first_tap(x), j_end = w.last_tap(x);
  for (int64_t i = h.first_tap(y); i < i_end; ++i) {
    const int64_t row = (n * h.input + y * h.stride - h.padding + i) * w.input;
    for (int64_t j = j_begin; j < j_end; ++j) {
      f((row + x * w.stride - w.padding + j) * windows.channels);
    }
  }
}

// Calls f(n, y, x, offset of the window's channels) for each window, in pieces of rows of windows.
template <typename F>
void for_windows(const Launch& args, const Windows& windows, F f) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const int64_t row_cost = w.output * windows.channels * h.size * w.size;
  for_rows(args, windows.batch * h.output, row_cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t n = row / h.output, y = row % h.output;
      for (int64_t x = 0; x < w.output; ++x) {
        f(n, y, x, (row * w.output + x) * windows.channels);
      }
    }
  });
}

// The same, but all windows of an image in one piece, which may write to the image.
template <typename T, typename F>
void for_images(const Launch& args, const Windows& windows, T* images, F f) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const int64_t image = h.input * w.input * windows.channels;
  const int64_t cost = h.output * w.output * windows.channels * h.size * w.size;
  for_rows(args, windows.batch, std::max(image, cost), [&](int64_t begin, int64_t end) {
    std::fill(images + begin * image, images + end * image, T{});
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t y = 0; y < h.output; ++y) {
        for (int64_t x = 0; x < w.output; ++x) {
          f(n, y, x, ((n * h.output + y) * w.output + x) * windows.channels);
        }
      }
    }
  });
}

// to = max(to, from), or from alone.
template <typename T>
void take_largest(const T* from, bool alone, int64_t count, T* to) {
  if (alone) {
    std::copy_n(from, count, to);
    return;
  }
  TENON_INDEPENDENT
  for (int64_t c = 0; c < count; ++c) to[c] = scalar::Maximum()(to[c], from[c]);
}

template <typename T>
Kernel prepare_max_pool(const KernelRequest& request) {
  const Windows windows = pool_windows(request, request.input_shape(0), request.output_shape(0));
  return {.launch = [windows](const Launch& args) {
    const T* image = args.input<T>(0);
    for_windows(args, windows, [&](int64_t n, int64_t y, int64_t x, int64_t at) {
      bool first = true;
      for_pixels(windows, n, y, x, [&](int64_t pixel) {
        take_largest(image + pixel, first, windows.channels, args.output<T>(0) + at);
        first = false;
      });
    });
  }};
}

// Adds what is left of the gradient where the pixel is the largest, and leaves nothing there.
template <typename T>
void give_to_largest(const T* pixel, const T* largest, int64_t count, T* left, T* to) {
  TENON_INDEPENDENT
  for (int64_t c = 0; c < count; ++c) {
    const bool is_largest = pixel[c] == largest[c];
    to[c] = static_cast<T>(to[c] + (is_largest ? left[c] : T{0}));
    left[c] = is_largest ? T{0} : left[c];
  }
}

// The gradient goes to the first of the largest pixels.
template <typename T>
Kernel prepare_max_pool_grad(const KernelRequest& request) {
  const Windows windows = pool_windows(request, request.input_shape(0), request.input_shape(1));
  return {.launch = [windows](const Launch& args) {
    const T *image = args.input<T>(0), *output = args.input<T>(1), *gradient = args.input<T>(2);
    T* result = args.output<T>(0);
    constexpr int64_t kChannels = 64;
    for_images(args, windows, result, [&](int64_t n, int64_t y, int64_t x, int64_t at) {
      for (int64_t begin = 0; begin < windows.channels; begin += kChannels) {
        const int64_t count = std::min(kChannels, windows.channels - begin);
        T left[kChannels];
        std::copy_n(gradient + at + begin, count, left);
        for_pixels(windows, n, y, x, [&](int64_t pixel) {
          give_to_largest(image + pixel + begin, output + at + begin, count, left,
                          result + pixel + begin);
        });
      }
    });
  }};
}

// Of the gradient of an image, what stands at the first of each window's largest pixels.
template <typename T>
Kernel prepare_max_pool_grad_grad(const KernelRequest& request) {
  const Windows windows = pool_windows(request, request.input_shape(0), request.input_shape(1));
  return {.launch = [windows](const Launch& args) {
    const T *image = args.input<T>(0), *largest = args.input<T>(1), *gradient = args.input<T>(2);
    T* out = args.output<T>(0);
    for_windows(args, windows, [&](int64_t n, int64_t y, int64_t x, int64_t at) {
      for (int64_t c = 0; c < windows.channels; ++c) {
        bool found = false;
        out[at + c] = T{};
        for_pixels(windows, n, y, x, [&](int64_t pixel) {
          if (found || image[pixel + c] != largest[at + c]) return;
          out[at + c] = gradient[pixel + c];
          found = true;
        });
      }
    });
  }};
}

template <typename T>
Kernel prepare_avg_pool(const KernelRequest& request) {
  const Windows windows = pool_windows(request, request.input_shape(0), request.output_shape(0));
  return {.launch = [windows](const Launch& args) {
    const T* image = args.input<T>(0);
    for_windows(args, windows, [&](int64_t n, int64_t y, int64_t x, int64_t at) {
      T* out = args.output<T>(0) + at;
      std::fill_n(out, windows.channels, T{0});
      int64_t pixels = 0;
      for_pixels(windows, n, y, x, [&](int64_t pixel) {
        for (int64_t c = 0; c < windows.channels; ++c) out[c] += image[pixel + c];
        ++pixels;
      });
      for (int64_t c = 0; c < windows.channels; ++c) out[c] /= static_cast<T>(pixels);
    });
  }};
}

template <typename T>
Kernel prepare_avg_pool_grad(const KernelRequest& request) {
  const Windows windows = pool_windows(request, request.output_shape(0), request.input_shape(1));
  return {.launch = [windows](const Launch& args) {
    const T* gradient = args.input<T>(1);
    T* result = args.output<T>(0);
    for_images(args, windows, result, [&](int64_t n, int64_t y, int64_t x, int64_t at) {
      int64_t pixels = 0;
      for_pixels(windows, n, y, x, [&](int64_t) { ++pixels; });
      const T scale = T{1} / static_cast<T>(pixels);
      for_pixels(windows, n, y, x, [&](int64_t pixel) {
        for (int64_t c = 0; c < windows.channels; ++c) {
          result[pixel + c] += gradient[at + c] * scale;
        }
      });
    });
  }};
}

}  // namespace

void register_nn_pool(KernelRegistry& kernels) {
  for_types(UsualNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("MaxPool", dtype_of<T>, prepare_max_pool<T>);
    kernels.add("MaxPoolGrad", dtype_of<T>, prepare_max_pool_grad<T>);
    kernels.add("MaxPoolGradGrad", dtype_of<T>, prepare_max_pool_grad_grad<T>);
  });
  for_types(Floats(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("AvgPool", dtype_of<T>, prepare_avg_pool<T>);
    kernels.add("AvgPoolGrad", dtype_of<T>, prepare_avg_pool_grad<T>);
  });
}

}  // namespace tenon::cpu
