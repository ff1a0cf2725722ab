// ResizeNearestNeighbor, ResizeBilinear, ResizeBicubic and their gradients: sums of pixels, each
// with its weight, in 32 bits.
#include <algorithm>
#include <memory>
#include <vector>

#include "core/kernels/resize.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {

using internal::ResizedImage;
using internal::ResizeTaps;

namespace {

// The taps of columns, which each row needs again; of very wide images they are worked out anew.
struct ResizeTable {
  static constexpr int64_t kMostColumns = int64_t{1} << 16;

  ResizedImage image;
  std::vector<ResizeTaps> columns;

  explicit ResizeTable(const ResizedImage& of) : image(of) {
    if (of.w.out > kMostColumns) return;
    for (int64_t x = 0; x < of.w.out; ++x) columns.push_back(of.w.taps(x));
  }

  // f(x, offset of the old pixel's channels, weight) for each old pixel that makes a new one of row
  // y of image n.
  template <typename F>
  void for_row(int64_t n, int64_t y, F f) const {
    const ResizeTaps row = image.h.taps(y);
    for (int64_t x = 0; x < image.w.out; ++x) {
      const ResizeTaps column = columns.empty() ? image.w.taps(x) : columns[static_cast<size_t>(x)];
      for (int i = 0; i < row.count; ++i) {
        const int64_t line = (n * image.h.in + row.at[i]) * image.w.in;
        for (int j = 0; j < column.count; ++j) {
          f(x, (line + column.at[j]) * image.channels, row.weight[i] * column.weight[j]);
        }
      }
    }
  }
};

template <typename T>
Kernel prepare_resize(const KernelRequest& request) {
  const auto table = std::make_shared<const ResizeTable>(
      internal::resized_image(request, request.input_shape(0), request.output_shape(0)));
  return {.launch = [table](const Launch& args) {
    const ResizedImage& image = table->image;
    const T* from = args.input<T>(0);
    const int64_t width = image.w.out * image.channels;
    for_rows(args, image.batch * image.h.out, width * 4, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        float* to = args.output<float>(0) + row * width;
        std::fill_n(to, width, 0.0F);
        table->for_row(row / image.h.out, row % image.h.out,
                       [&](int64_t x, int64_t at, float weight) {
                         for (int64_t c = 0; c < image.channels; ++c) {
                           const auto pixel = static_cast<scalar::Compute<T>>(from[at + c]);
                           to[x * image.channels + c] += weight * static_cast<float>(pixel);
                         }
                       });
      }
    });
  }};
}

template <typename T>
Kernel prepare_nearest(const KernelRequest& request) {
  const auto table = std::make_shared<const ResizeTable>(
      internal::resized_image(request, request.input_shape(0), request.output_shape(0)));
  return {.launch = [table](const Launch& args) {
    const ResizedImage& image = table->image;
    const T* from = args.input<T>(0);
    const int64_t width = image.w.out * image.channels;
    for_rows(args, image.batch * image.h.out, width, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        T* to = args.output<T>(0) + row * width;
        table->for_row(row / image.h.out, row % image.h.out, [&](int64_t x, int64_t at, float) {
          std::copy_n(from + at, image.channels, to + x * image.channels);
        });
      }
    });
  }};
}

// The gradient of an image, one image after the other: what stands at a new pixel goes to those
// that made it. Sums are made in A, a list of which the workspace holds.
template <typename G, typename A, typename T>
Kernel prepare_resize_gradient(const KernelRequest& request) {
  const auto table = std::make_shared<const ResizeTable>(
      internal::resized_image(request, request.output_shape(0), request.input_shape(0)));
  const int64_t total = request.output_shape(0).element_count();
  return {.workspace_bytes = static_cast<size_t>(total) * sizeof(A),
          .launch = [table](const Launch& args) {
            const ResizedImage& image = table->image;
            const G* gradient = args.input<G>(0);
            A* sums = static_cast<A*>(args.workspace);
            T* out = args.output<T>(0);
            const int64_t size = image.h.in * image.w.in * image.channels;
            pool(args).for_each(image.batch, [&](int64_t n) {
              std::fill_n(sums + n * size, size, A{0});
              for (int64_t y = 0; y < image.h.out; ++y) {
                const G* row = gradient + (n * image.h.out + y) * image.w.out * image.channels;
                table->for_row(n, y, [&](int64_t x, int64_t at, float weight) {
                  for (int64_t c = 0; c < image.channels; ++c) {
                    const auto part = static_cast<scalar::Compute<G>>(row[x * image.channels + c]);
                    sums[at + c] += static_cast<A>(static_cast<A>(weight) * static_cast<A>(part));
                  }
                });
              }
              for (int64_t i = n * size; i < (n + 1) * size; ++i) {
                out[i] = static_cast<T>(static_cast<scalar::Compute<T>>(sums[i]));
              }
            });
          }};
}

template <typename T>
void add_resizes(KernelRegistry& kernels, DType dtype) {
  // Whole numbers are summed as such.
  using A = std::conditional_t<std::is_integral_v<T>, int64_t, double>;
  kernels.add("ResizeNearestNeighbor", dtype, prepare_nearest<T>);
  kernels.add("ResizeNearestNeighborGrad", dtype, prepare_resize_gradient<T, A, T>);
  kernels.add("ResizeBilinear", dtype, prepare_resize<T>);
  kernels.add("ResizeBicubic", dtype, prepare_resize<T>);
}

template <typename T>
void add_gradients(KernelRegistry& kernels, DType dtype) {
  kernels.add("ResizeBilinearGrad", dtype, prepare_resize_gradient<float, float, T>);
  kernels.add("ResizeBicubicGrad", dtype, prepare_resize_gradient<float, float, T>);
}

}  // namespace

void register_image_resize(KernelRegistry& kernels) {
  for_types(UsualNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add_resizes<T>(kernels, dtype_of<T>);
  });
  add_resizes<Half>(kernels, float16);
  add_resizes<Bfloat16>(kernels, bfloat16);
  add_gradients<float>(kernels, float32);
  add_gradients<double>(kernels, float64);
  add_gradients<Half>(kernels, float16);
  add_gradients<Bfloat16>(kernels, bfloat16);
}

}  // namespace tenon::cpu
