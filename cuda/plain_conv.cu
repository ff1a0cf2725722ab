#include "cuda/plain_conv.h"

#include "cuda/kernel_support.h"
#include "cuda/numbering.h"

namespace tenon::cuda {
namespace {

using internal::WindowAxis;
using internal::Windows;

template <typename T>
__global__ void forward(const T* image, const T* filter, T* out, Windows windows, int64_t outputs,
                        int64_t groups, Numbering numbers) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const int64_t channels = windows.channels / groups, of_group = outputs / groups;
  for (int64_t index = first_index(); index < numbers.size; index += grid_size()) {
    const Place at = place_of(numbers, index);
    T sum = 0;
    for (int64_t i = h.first_tap(at.row); i < h.last_tap(at.row); ++i) {
      const int64_t y = at.row * h.stride - h.padding + i * h.dilation;
      for (int64_t j = w.first_tap(at.column); j < w.last_tap(at.column); ++j) {
        const int64_t x = at.column * w.stride - w.padding + j * w.dilation;
        const T* pixel = image + ((at.outer * h.input + y) * w.input + x) * windows.channels +
                         at.last / of_group * channels;
        const T* weights = filter + (i * w.size + j) * channels * outputs + at.last;
        for (int64_t c = 0; c < channels; ++c) sum = fma(pixel[c], weights[c * outputs], sum);
      }
    }
    out[index] = sum;
  }
}

template <typename T>
__global__ void image_gradient(const T* filter, const T* gradient, T* image, Windows windows,
                               int64_t outputs, int64_t groups, Numbering numbers) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const int64_t channels = windows.channels / groups, of_group = outputs / groups;
  for (int64_t index = first_index(); index < numbers.size; index += grid_size()) {
    const Place at = place_of(numbers, index);
    T sum = 0;
    for (int64_t i = 0; i < h.size; ++i) {
      const int64_t y = h.window_of(at.row, i);
      for (int64_t j = 0; j < w.size && y >= 0; ++j) {
        const int64_t x = w.window_of(at.column, j);
        if (x < 0) continue;
        const int64_t first = at.last / channels * of_group;  // output of the group
        const T* dy = gradient + ((at.outer * h.output + y) * w.output + x) * outputs + first;
        const T* weights =
            filter + ((i * w.size + j) * channels + at.last % channels) * outputs + first;
        for (int64_t o = 0; o < of_group; ++o) sum = fma(dy[o], weights[o], sum);
      }
    }
    image[index] = sum;
  }
}

constexpr int kColumns = 32, kRows = 8;

// A block for 32 neighbouring weights; its rows share the pixels, and add up in their order.
template <typename T>
__global__ void filter_gradient(const T* image, const T* gradient, T* filter, Windows windows,
                                int64_t outputs, int64_t groups, Numbering numbers,
                                Numbering pixels) {
  __shared__ T sums[kRows][kColumns];
  const WindowAxis &h = windows.h, &w = windows.w;
  const int lane = static_cast<int>(threadIdx.x), share = static_cast<int>(threadIdx.y);
  for (int64_t first = int64_t{blockIdx.x} * kColumns; first < numbers.size;
       first += int64_t{gridDim.x} * kColumns) {
    const int64_t index = first + lane;
    T sum = 0;
    if (index < numbers.size) {
      const Place weight = place_of(numbers, index);  // [i, j, channel, output]
      for (int64_t p = share; p < pixels.size; p += kRows) {
        const Place at = place_of(pixels, p);  // [n, y, x, 0]
        const int64_t y = at.row * h.stride - h.padding + weight.outer * h.dilation;
        const int64_t x = at.column * w.stride - w.padding + weight.row * w.dilation;
        if (y < 0 || y >= h.input || x < 0 || x >= w.input) continue;
        const int64_t pixel = (at.outer * h.input + y) * w.input + x;
        const int64_t channel =
            weight.last / (outputs / groups) * (windows.channels / groups) + weight.column;
        sum = fma(image[pixel * windows.channels + channel], gradient[p * outputs + weight.last],
                  sum);
      }
    }
    sums[share][lane] = sum;
    __syncthreads();
    if (share == 0 && index < numbers.size) {
      for (int row = 1; row < kRows; ++row) sum += sums[row][lane];
      filter[index] = sum;
    }
    __syncthreads();
  }
}

// Calls f(static_cast<T*>(nullptr)).
template <class F>
void with_float(DType dtype, F f) {
  if (dtype == DType::float64) return f(static_cast<double*>(nullptr));
  f(static_cast<float*>(nullptr));
}

}  // namespace

void PlainConv::forward(cudaStream_t stream, const void* image, const void* filter,
                        void* out) const {
  const Numbering numbers = numbering(windows.batch, windows.h.output, windows.w.output, outputs);
  if (numbers.size == 0) return;
  with_float(dtype, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    cuda::forward<T><<<blocks_for(numbers.size), kThreads, 0, stream>>>(
        static_cast<const T*>(image), static_cast<const T*>(filter), static_cast<T*>(out), windows,
        outputs, groups, numbers);
    check_launch("conv forward");
  });
}

void PlainConv::image_gradient(cudaStream_t stream, const void* filter, const void* gradient,
                               void* image) const {
  const Numbering numbers =
      numbering(windows.batch, windows.h.input, windows.w.input, windows.channels);
  if (numbers.size == 0) return;
  with_float(dtype, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    cuda::image_gradient<T><<<blocks_for(numbers.size), kThreads, 0, stream>>>(
        static_cast<const T*>(filter), static_cast<const T*>(gradient), static_cast<T*>(image),
        windows, outputs, groups, numbers);
    check_launch("conv image gradient");
  });
}

void PlainConv::filter_gradient(cudaStream_t stream, const void* image, const void* gradient,
                                void* filter) const {
  const Numbering numbers =
      numbering(windows.h.size, windows.w.size, windows.channels / groups, outputs);
  if (numbers.size == 0) return;
  const Numbering pixels = numbering(windows.batch, windows.h.output, windows.w.output, 1);
  with_float(dtype, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    cuda::filter_gradient<T>
        <<<blocks_for(numbers.size, kColumns), dim3(kColumns, kRows), 0, stream>>>(
            static_cast<const T*>(image), static_cast<const T*>(gradient), static_cast<T*>(filter),
            windows, outputs, groups, numbers, pixels);
    check_launch("conv filter gradient");
  });
}

}  // namespace tenon::cuda
