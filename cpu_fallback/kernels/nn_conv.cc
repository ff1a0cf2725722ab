// Conv2D and its gradients, as matrix products over patches of the images. Images are NHWC, filters
// HWIO.
#include <algorithm>

#include "core/kernels/window.h"
#include "cpu_fallback/depthwise.h"
#include "cpu_fallback/filter_gradient.h"
#include "cpu_fallback/gemm.h"
#include "cpu_fallback/groups.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/patches.h"

namespace tenon::cpu {

using internal::conv_groups;
using internal::make_windows;
using internal::WindowAxis;
using internal::Windows;

namespace {

constexpr int64_t kMostTaps = int64_t{1} << 24;  // each takes 16 bytes of a table

// Throws UnimplementedError (no_kernel) for filters of more positions than tables are made for.
Windows conv_windows(const KernelRequest& request, const Shape& image, const Shape& filter,
                     const Shape& output) {
  require<UnimplementedError>(
      filter[0] <= kMostTaps && filter[1] <= kMostTaps && filter[0] * filter[1] <= kMostTaps,
      ErrorKind::no_kernel, "Convolutions of the CPU take filters of at most ", kMostTaps,
      " positions, not of ", filter[0], " x ", filter[1]);
  return make_windows(*request.attrs, image, output, filter[0], filter[1]);
}

// Whether each channel has filters of its own.
bool of_each_channel(int64_t groups, const Shape& filter) { return groups != 1 && filter[2] == 1; }

// The patches that the filter sees, one for each element of the output.
PatchShape forward_patches(const Windows& windows) {
  PatchShape patches = {.batch = windows.batch,
                        .height = windows.h.input,
                        .width = windows.w.input,
                        .channels = windows.channels,
                        .grid_height = windows.h.output,
                        .grid_width = windows.w.output,
                        .step_h = windows.h.stride,
                        .step_w = windows.w.stride};
  std::vector<std::pair<int64_t, int64_t>> taps;
  for (int64_t i = 0; i < windows.h.size; ++i) {
    for (int64_t j = 0; j < windows.w.size; ++j) {
      taps.emplace_back(i * windows.h.dilation - windows.h.padding,
                        j * windows.w.dilation - windows.w.padding);
    }
  }
  patches.runs = make_runs(taps);
  patches.settle();
  return patches;
}

template <typename T>
Kernel prepare_conv(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const int64_t groups = conv_groups(request.input_shape(0), request.input_shape(1));
  if (of_each_channel(groups, request.input_shape(1))) {
    return prepare_depthwise<T>(
        request, conv_windows(request, request.input_shape(0), request.input_shape(1), output));
  }
  if (groups != 1) {
    return prepare_in_groups(request, groups, request.epilogue.bias ? 0b111 : 0b011,
                             prepare_conv<T>);
  }
  const PatchShape patches = forward_patches(
      conv_windows(request, request.input_shape(0), request.input_shape(1), output));
  GemmShape product = patches.product(output[3]);
  product.epilogue = request.epilogue;
  const bool bias = request.epilogue.bias;
  struct Plan {
    PatchShape patches;
    Gemm<T> gemm;
  };
  Plan made{patches, Gemm<T>(product)};
  if (const Tensor& filter = request.value(1)) made.gemm.keep(filter);
  const auto plan = std::make_shared<const Plan>(std::move(made));
  return {.launch = [plan, bias](const Launch& args) {
    plan->gemm.run(pool(args), Patches<T>(plan->patches, args.input<T>(0)), args.input<T>(1),
                   bias ? args.input<T>(2) : nullptr, args.output<T>(0));
  }};
}

// ---- Gradient by the image ---------------------------------------------------------------------

// The pixels of the image whose coordinates are (phase_h, phase_w) modulo the strides. Their
// gradients are a convolution, with stride one, of the output's gradient with those taps of the
// filter that meet them.
template <typename T>
struct Phase {
  int64_t h, w;
  int64_t height, width;                          // in pixels
  std::vector<std::pair<int64_t, int64_t>> taps;  // of the filter, in the order of the patch
  PatchShape patches;
  Gemm<T> gemm;
};

// The taps of one axis that meet the phase: (offset of the output's element, tap), by offset.
std::vector<std::pair<int64_t, int64_t>> meeting_taps(const WindowAxis& axis, int64_t phase) {
  std::vector<std::pair<int64_t, int64_t>> taps;
  for (int64_t tap = axis.size; tap-- > 0;) {
    const int64_t distance = phase + axis.padding - tap * axis.dilation;
    if (distance % axis.stride == 0) taps.emplace_back(distance / axis.stride, tap);
  }
  return taps;
}

template <typename T>
Phase<T> make_phase(const Windows& windows, int64_t channels_out, int64_t h, int64_t w) {
  const auto points = [](const WindowAxis& axis, int64_t phase) {
    return phase >= axis.input ? 0 : (axis.input - phase + axis.stride - 1) / axis.stride;
  };
  PatchShape patches = {.batch = windows.batch,
                        .height = windows.h.output,
                        .width = windows.w.output,
                        .channels = channels_out,
                        .grid_height = points(windows.h, h),
                        .grid_width = points(windows.w, w)};
  std::vector<std::pair<int64_t, int64_t>> offsets, taps;
  for (const auto& [dh, i] : meeting_taps(windows.h, h)) {
    for (const auto& [dw, j] : meeting_taps(windows.w, w)) {
      offsets.emplace_back(dh, dw);
      taps.emplace_back(i, j);
    }
  }
  patches.runs = make_runs(offsets);
  patches.settle();
  const Gemm<T> gemm(patches.product(windows.channels));
  return {.h = h,
          .w = w,
          .height = points(windows.h, h),
          .width = points(windows.w, w),
          .taps = taps,
          .patches = patches,
          .gemm = gemm};
}

template <typename T>
class ImageGradient {
 public:
  ImageGradient(const Windows& windows, int64_t channels_out)
      : windows_(windows), channels_out_(channels_out) {
    for (int64_t h = 0; h < windows.h.stride; ++h) {
      for (int64_t w = 0; w < windows.w.stride; ++w) {
        phases_.push_back(make_phase<T>(windows, channels_out, h, w));
        largest_ = std::max(largest_, phases_.back().patches.count());
      }
    }
  }

  // The filter's taps transposed, and, with strides, the gradients of a phase before they are
  // spread over the image.
  size_t workspace_bytes() const {
    return static_cast<size_t>(filter_size() +
                               (phases_.size() > 1 ? largest_ * windows_.channels : 0)) *
           sizeof(T);
  }

  void run(const Launch& args, const T* filter, const T* gradient, T* image) const {
    T* transposed = static_cast<T*>(args.workspace);
    T* results = transposed + filter_size();
    for (const Phase<T>& phase : phases_) {
      if (phase.patches.count() == 0) continue;
      transpose(args, phase, filter, transposed);
      phase.gemm.run(pool(args), Patches<T>(phase.patches, gradient), transposed, nullptr,
                     phases_.size() > 1 ? results : image);
      if (phases_.size() > 1) spread(args, phase, results, image);
    }
  }

 private:
  int64_t filter_size() const {
    return windows_.h.size * windows_.w.size * windows_.channels * channels_out_;
  }

  // Of each tap [channels, channels_out] the transposed, in the order of the phase.
  void transpose(const Launch& args, const Phase<T>& phase, const T* filter, T* to) const {
    const int64_t in = windows_.channels, out = channels_out_;
    for_rows(args, static_cast<int64_t>(phase.taps.size()), in * out,
             [&](int64_t begin, int64_t end) {
               for (int64_t tap = begin; tap < end; ++tap) {
                 const auto [i, j] = phase.taps[static_cast<size_t>(tap)];
                 const T* from = filter + (i * windows_.w.size + j) * in * out;
                 T* tap_to = to + tap * in * out;
                 for (int64_t o = 0; o < out; ++o) {
                   for (int64_t c = 0; c < in; ++c) tap_to[o * in + c] = from[c * out + o];
                 }
               }
             });
  }

  void spread(const Launch& args, const Phase<T>& phase, const T* results, T* image) const {
    const int64_t channels = windows_.channels, width = phase.width;
    const int64_t rows = windows_.batch * phase.height;
    for_rows(args, rows, width * channels, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t n = row / phase.height;
        const int64_t y = row % phase.height * windows_.h.stride + phase.h;
        T* to = image + ((n * windows_.h.input + y) * windows_.w.input + phase.w) * channels;
        const T* from = results + row * width * channels;
        for (int64_t i = 0; i < width; ++i) {
          std::copy_n(from + i * channels, channels, to + i * windows_.w.stride * channels);
        }
      }
    });
  }

  Windows windows_;
  int64_t channels_out_;
  int64_t largest_ = 0;
  std::vector<Phase<T>> phases_;
};

template <typename T>
Kernel prepare_image_gradient(const KernelRequest& request) {
  const Shape &filter = request.input_shape(1), &gradient = request.input_shape(2);
  const int64_t groups = conv_groups(request.output_shape(0), filter);
  if (of_each_channel(groups, filter)) {
    return prepare_depthwise_image_gradient<T>(
        request, conv_windows(request, request.output_shape(0), filter, gradient));
  }
  if (groups != 1) {
    return prepare_in_groups(request, groups, 0b110, prepare_image_gradient<T>);
  }
  const auto plan = std::make_shared<const ImageGradient<T>>(
      conv_windows(request, request.output_shape(0), filter, gradient), filter[3]);
  return {.workspace_bytes = plan->workspace_bytes(), .launch = [plan](const Launch& args) {
            plan->run(args, args.input<T>(1), args.input<T>(2), args.output<T>(0));
          }};
}

// ---- Gradient by the filter --------------------------------------------------------------------

template <typename T>
Kernel prepare_filter_gradient(const KernelRequest& request) {
  const Shape &filter = request.output_shape(0), &gradient = request.input_shape(2);
  const int64_t groups = conv_groups(request.input_shape(0), filter);
  if (of_each_channel(groups, filter)) {
    return prepare_depthwise_filter_gradient<T>(
        request, conv_windows(request, request.input_shape(0), filter, gradient));
  }
  if (groups != 1) {
    return prepare_in_groups(request, groups, 0b101, prepare_filter_gradient<T>);
  }
  const auto plan = std::make_shared<const FilterGradient<T>>(
      forward_patches(conv_windows(request, request.input_shape(0), filter, gradient)), filter[3]);
  return {.workspace_bytes = plan->workspace_bytes(), .launch = [plan](const Launch& args) {
            plan->run(args, args.input<T>(0), args.input<T>(2), args.output<T>(0));
          }};
}

}  // namespace

void register_nn_conv(KernelRegistry& kernels) {
  for_types(Floats(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("Conv2D", dtype_of<T>,
                {.prepare = prepare_conv<T>, .epilogues = true, .heavy = true});
    kernels.add("Conv2DBackpropInput", dtype_of<T>,
                {.prepare = prepare_image_gradient<T>, .heavy = true});
    kernels.add("Conv2DBackpropFilter", dtype_of<T>,
                {.prepare = prepare_filter_gradient<T>, .heavy = true});
  });
}

}  // namespace tenon::cpu
