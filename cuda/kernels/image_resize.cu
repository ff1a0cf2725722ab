// ResizeNearestNeighbor, ResizeBilinear, ResizeBicubic and their gradients: sums of pixels, each
// with its weight, in 32 bits. A thread for each result, which adds up in the order of the pixels.
#include "core/kernels/resize.h"
#include "cuda/kernel_support.h"
#include "cuda/numbering.h"

namespace tenon::cuda {
namespace {

using internal::ResizeAxis;
using internal::ResizedImage;
using internal::ResizeTaps;

template <typename T>
__global__ void resize(const T* from, float* to, ResizedImage image, Numbering numbers) {
  for (int64_t index = first_index(); index < numbers.size; index += grid_size()) {
    const Place at = place_of(numbers, index);
    const ResizeTaps rows = image.h.taps(at.row), columns = image.w.taps(at.column);
    float sum = 0;
    for (int i = 0; i < rows.count; ++i) {
      const int64_t line = (at.outer * image.h.in + rows.at[i]) * image.w.in;
      for (int j = 0; j < columns.count; ++j) {
        const T pixel = from[(line + columns.at[j]) * image.channels + at.last];
        sum += rows.weight[i] * columns.weight[j] * static_cast<float>(widened(pixel));
      }
    }
    to[index] = sum;
  }
}

template <typename T>
__global__ void take_nearest(const T* from, T* to, ResizedImage image, Numbering numbers) {
  for (int64_t index = first_index(); index < numbers.size; index += grid_size()) {
    const Place at = place_of(numbers, index);
    const int64_t row = image.h.taps(at.row).at[0], column = image.w.taps(at.column).at[0];
    to[index] =
        from[((at.outer * image.h.in + row) * image.w.in + column) * image.channels + at.last];
  }
}

__device__ bool takes(const ResizeTaps& taps, int64_t pixel) {
  for (int i = 0; i < taps.count; ++i) {
    if (taps.at[i] == pixel) return true;
  }
  return false;
}

template <typename G, typename A, typename T>
__global__ void resize_gradient(const G* gradient, T* out, ResizedImage image, Numbering numbers) {
  for (int64_t index = first_index(); index < numbers.size; index += grid_size()) {
    const Place at = place_of(numbers, index);
    A sum = 0;
    for (int64_t y = image.h.first_place(at.row); y < image.h.last_place(at.row); ++y) {
      const ResizeTaps rows = image.h.taps(y);
      if (!takes(rows, at.row)) continue;
      for (int64_t x = image.w.first_place(at.column); x < image.w.last_place(at.column); ++x) {
        const ResizeTaps columns = image.w.taps(x);
        if (!takes(columns, at.column)) continue;
        const int64_t line = (at.outer * image.h.out + y) * image.w.out + x;
        const auto part = static_cast<A>(widened(gradient[line * image.channels + at.last]));
        for (int i = 0; i < rows.count; ++i) {
          for (int j = 0; j < columns.count; ++j) {
            if (rows.at[i] != at.row || columns.at[j] != at.column) continue;
            sum += static_cast<A>(static_cast<A>(rows.weight[i] * columns.weight[j]) * part);
          }
        }
      }
    }
    out[index] = static_cast<T>(static_cast<Compute<T>>(sum));
  }
}

Numbering numbers_of(const Shape& shape) {
  return numbering(shape[0], shape[1], shape[2], shape[3]);
}

template <typename T>
Kernel prepare_resize(const KernelRequest& request) {
  const ResizedImage image =
      internal::resized_image(request, request.input_shape(0), request.output_shape(0));
  const Numbering numbers = numbers_of(request.output_shape(0));
  return {.launch = [=](const Launch& args) {
    launch_1d("resize", args, numbers.size, resize<T>, args.input<T>(0), args.output<float>(0),
              image, numbers);
  }};
}

template <typename T>
Kernel prepare_nearest(const KernelRequest& request) {
  const ResizedImage image =
      internal::resized_image(request, request.input_shape(0), request.output_shape(0));
  const Numbering numbers = numbers_of(request.output_shape(0));
  return {.launch = [=](const Launch& args) {
    launch_1d("take_nearest", args, numbers.size, take_nearest<T>, args.input<T>(0),
              args.output<T>(0), image, numbers);
  }};
}

template <typename G, typename A, typename T>
Kernel prepare_resize_gradient(const KernelRequest& request) {
  const ResizedImage image =
      internal::resized_image(request, request.output_shape(0), request.input_shape(0));
  const Numbering numbers = numbers_of(request.output_shape(0));
  return {.launch = [=](const Launch& args) {
    launch_1d("resize_gradient", args, numbers.size, resize_gradient<G, A, T>, args.input<G>(0),
              args.output<T>(0), image, numbers);
  }};
}

}  // namespace

void register_image_resize(KernelRegistry& kernels) {
  for_types(AllUsualNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    // Whole numbers are summed as such.
    using A = std::conditional_t<std::is_integral_v<T>, int64_t, double>;
    kernels.add("ResizeNearestNeighbor", kDType<T>, prepare_nearest<T>);
    kernels.add("ResizeNearestNeighborGrad", kDType<T>, prepare_resize_gradient<T, A, T>);
    kernels.add("ResizeBilinear", kDType<T>, prepare_resize<T>);
    kernels.add("ResizeBicubic", kDType<T>, prepare_resize<T>);
  });
  for_types(AllFloats(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("ResizeBilinearGrad", kDType<T>, prepare_resize_gradient<float, float, T>);
    kernels.add("ResizeBicubicGrad", kDType<T>, prepare_resize_gradient<float, float, T>);
  });
}

}  // namespace tenon::cuda
