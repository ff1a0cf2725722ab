// MaxPool and AvgPool of NHWC images, and their gradients. Padding takes no part: averages are over
// the pixels that lie on the image. Gradients are gathered: a thread adds up what all windows over
// its pixel give, in the order of the windows.
#include "core/kernels/nn_arguments.h"
#include "cuda/kernel_support.h"
#include "cuda/numbering.h"

namespace tenon::cuda {
namespace {

using internal::pool_windows;
using internal::WindowAxis;
using internal::Windows;

// Windows, and how what is gone over is numbered: elements [n, y, x, channel] of the image or of
// the output.
struct Pool {
  Windows windows;
  Numbering numbers;
};

Pool over_output(const Windows& w) {
  return {w, numbering(w.batch, w.h.output, w.w.output, w.channels)};
}
Pool over_image(const Windows& w) {
  return {w, numbering(w.batch, w.h.input, w.w.input, w.channels)};
}

// f(offset) for each pixel of image n that window (y, x) sees, of channel c; until it is true.
template <class F>
__device__ void for_pixels(const Windows& windows, const Place& window, F f) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const int64_t i_end = h.last_tap(window.row);
  const int64_t j_begin = w.first_tap(window.column), j_end = w.last_tap(window.column);
  for (int64_t i = h.first_tap(window.row); i < i_end; ++i) {
    const int64_t row = (window.outer * h.input + window.row * h.stride - h.padding + i) * w.input;
    for (int64_t j = j_begin; j < j_end; ++j) {
      const int64_t column = window.column * w.stride - w.padding + j;
      if (f((row + column) * windows.channels + window.last)) return;
    }
  }
}

// f(window, offset of it in the output) for each window over a pixel, in their order.
template <class F>
__device__ void for_windows(const Windows& windows, const Place& pixel, F f) {
  const auto first = [](const WindowAxis& axis, int64_t at) {
    const int64_t before = at + axis.padding - axis.size;  // windows that end here don't see it
    return before < 0 ? 0 : before / axis.stride + 1;
  };
  const auto last = [](const WindowAxis& axis, int64_t at) {
    return min(axis.output - 1, (at + axis.padding) / axis.stride);
  };
  const int64_t y_end = last(windows.h, pixel.row), x_end = last(windows.w, pixel.column);
  for (int64_t y = first(windows.h, pixel.row); y <= y_end; ++y) {
    for (int64_t x = first(windows.w, pixel.column); x <= x_end; ++x) {
      const int64_t at = (pixel.outer * windows.h.output + y) * windows.w.output + x;
      f(Place{pixel.outer, y, x, pixel.last}, at * windows.channels + pixel.last);
    }
  }
}

template <typename T>
__global__ void max_pool(const T* image, T* out, Pool pool) {
  for (int64_t i = first_index(); i < pool.numbers.size; i += grid_size()) {
    bool any = false;
    T largest{};
    for_pixels(pool.windows, place_of(pool.numbers, i), [&](int64_t pixel) {
      largest = any ? scalar::Maximum()(largest, image[pixel]) : image[pixel];
      any = true;
      return false;
    });
    if (any) out[i] = largest;
  }
}

// A window's gradient goes to the first of its largest pixels.
template <typename T>
__global__ void max_pool_grad(const T* image, const T* output, const T* gradient, T* result,
                              Pool pool) {
  for (int64_t i = first_index(); i < pool.numbers.size; i += grid_size()) {
    T sum{};
    for_windows(pool.windows, place_of(pool.numbers, i), [&](const Place& window, int64_t at) {
      for_pixels(pool.windows, window, [&](int64_t pixel) {
        if (image[pixel] != output[at]) return false;
        if (pixel == i) sum = scalar::Add()(sum, gradient[at]);
        return true;
      });
    });
    result[i] = sum;
  }
}

// Of the gradient of an image, what stands at the first of each window's largest pixels.
template <typename T>
__global__ void max_pool_grad_grad(const T* image, const T* output, const T* gradient, T* result,
                                   Pool pool) {
  for (int64_t i = first_index(); i < pool.numbers.size; i += grid_size()) {
    T taken{};
    for_pixels(pool.windows, place_of(pool.numbers, i), [&](int64_t pixel) {
      if (image[pixel] != output[i]) return false;
      taken = gradient[pixel];
      return true;
    });
    result[i] = taken;
  }
}

template <typename T>
__global__ void avg_pool(const T* image, T* out, Pool pool) {
  for (int64_t i = first_index(); i < pool.numbers.size; i += grid_size()) {
    T sum = 0;
    int64_t pixels = 0;
    for_pixels(pool.windows, place_of(pool.numbers, i), [&](int64_t pixel) {
      sum += image[pixel];
      ++pixels;
      return false;
    });
    out[i] = sum / static_cast<T>(pixels);
  }
}

__device__ int64_t taps(const WindowAxis& axis, int64_t window) {
  return axis.last_tap(window) - axis.first_tap(window);
}

template <typename T>
__global__ void avg_pool_grad(const T* gradient, T* result, Pool pool) {
  for (int64_t i = first_index(); i < pool.numbers.size; i += grid_size()) {
    T sum = 0;
    for_windows(pool.windows, place_of(pool.numbers, i), [&](const Place& window, int64_t at) {
      const int64_t pixels = taps(pool.windows.h, window.row) * taps(pool.windows.w, window.column);
      sum += gradient[at] * (T{1} / static_cast<T>(pixels));
    });
    result[i] = sum;
  }
}

template <typename T>
Kernel prepare_max_pool(const KernelRequest& request) {
  const Pool pool =
      over_output(pool_windows(request, request.input_shape(0), request.output_shape(0)));
  return {.launch = [pool](const Launch& args) {
    launch_1d("max_pool", args, pool.numbers.size, max_pool<T>, args.input<T>(0), args.output<T>(0),
              pool);
  }};
}

template <typename T>
Kernel prepare_max_pool_grad(const KernelRequest& request) {
  const Pool pool =
      over_image(pool_windows(request, request.input_shape(0), request.input_shape(1)));
  return {.launch = [pool](const Launch& args) {
    launch_1d("max_pool_grad", args, pool.numbers.size, max_pool_grad<T>, args.input<T>(0),
              args.input<T>(1), args.input<T>(2), args.output<T>(0), pool);
  }};
}

template <typename T>
Kernel prepare_max_pool_grad_grad(const KernelRequest& request) {
  const Pool pool =
      over_output(pool_windows(request, request.input_shape(0), request.input_shape(1)));
  return {.launch = [pool](const Launch& args) {
    launch_1d("max_pool_grad_grad", args, pool.numbers.size, max_pool_grad_grad<T>,
              args.input<T>(0), args.input<T>(1), args.input<T>(2), args.output<T>(0), pool);
  }};
}

template <typename T>
Kernel prepare_avg_pool(const KernelRequest& request) {
  const Pool pool =
      over_output(pool_windows(request, request.input_shape(0), request.output_shape(0)));
  return {.launch = [pool](const Launch& args) {
    launch_1d("avg_pool", args, pool.numbers.size, avg_pool<T>, args.input<T>(0), args.output<T>(0),
              pool);
  }};
}

template <typename T>
Kernel prepare_avg_pool_grad(const KernelRequest& request) {
  const Pool pool =
      over_image(pool_windows(request, request.output_shape(0), request.input_shape(1)));
  return {.launch = [pool](const Launch& args) {
    launch_1d("avg_pool_grad", args, pool.numbers.size, avg_pool_grad<T>, args.input<T>(1),
              args.output<T>(0), pool);
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

}  // namespace tenon::cuda
