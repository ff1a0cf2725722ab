#include "cuda/cudnn_conv.h"

#include <algorithm>
#include <tuple>

namespace tenon::cuda {
namespace {

using internal::WindowAxis;

constexpr size_t kMostWorkspace = size_t{512} << 20;

size_t aligned(size_t bytes) { return (bytes + 255) / 256 * 256; }

// How far the windows of an axis reach beyond the image's end; negative where they stop before it.
int64_t padding_behind(const WindowAxis& axis) {
  const int64_t covered = (axis.output - 1) * axis.stride + (axis.size - 1) * axis.dilation + 1;
  return covered - axis.padding - axis.input;
}

// cuDNN derives the output's size from the padding before an axis, which it takes for both sides.
bool pads_alike(const WindowAxis& axis) {
  const int64_t room = axis.input + 2 * axis.padding - ((axis.size - 1) * axis.dilation + 1);
  return room >= 0 && room / axis.stride + 1 == axis.output;
}

int64_t padded_size(const WindowAxis& axis) {
  return axis.input + axis.padding + std::max<int64_t>(0, padding_behind(axis));
}

bool fits_int(std::initializer_list<int64_t> sizes) {
  int64_t product = 1;
  for (const int64_t size : sizes) {
    if (size <= 0 || size > INT32_MAX || product > INT32_MAX / size) return false;
    product *= size;
  }
  return true;
}

// The first algorithm that gives the same bits every time.
template <class Result>
const Result* first_sure(const std::vector<Result>& results, bool allow_tf32) {
  for (const Result& result : results) {
    const bool strict = result.mathType == CUDNN_FMA_MATH || result.mathType == CUDNN_DEFAULT_MATH;
    if (result.status == CUDNN_STATUS_SUCCESS && result.determinism == CUDNN_DETERMINISTIC &&
        result.memory <= kMostWorkspace && (strict || allow_tf32)) {
      return &result;
    }
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<CudnnConv> CudnnConv::make(const internal::KernelRequest& request,
                                           const internal::Windows& w, int64_t outputs,
                                           int64_t groups, Direction direction) {
  const bool counts = fits_int({w.batch, padded_size(w.h), padded_size(w.w), w.channels}) &&
                      fits_int({w.batch, w.h.output, w.w.output, outputs}) &&
                      fits_int({w.h.size, w.w.size, w.channels, outputs}) &&
                      fits_int({w.h.stride, w.w.stride, w.h.dilation, w.w.dilation});
  if (!counts) return nullptr;
  CudaDevice& device = CudaDevice::of(request);
  std::shared_ptr<CudnnConv> conv(new CudnnConv(w, outputs, groups));
  conv->describe(device.allow_tf32());
  const PreparingCudnn preparing = device.cudnn_for_preparing();
  if (!conv->choose(preparing.handle, direction, device.allow_tf32())) return nullptr;
  return conv;
}

CudnnConv::CudnnConv(const internal::Windows& windows, int64_t outputs, int64_t groups)
    : windows_(windows),
      outputs_(outputs),
      groups_(groups),
      padded_h_(windows.h.input),
      padded_w_(windows.w.input),
      pads_(!pads_alike(windows.h) || !pads_alike(windows.w)) {
  const WindowAxis &h = windows.h, &w = windows.w;
  const int64_t taps = h.size * w.size * (windows.channels / groups);
  filter_turned_ = {.batch = 1, .rows = taps, .columns = outputs};
  filter_back_ = {.batch = 1, .rows = outputs, .columns = taps};
  filter_bytes_ = aligned(static_cast<size_t>(taps * outputs) * sizeof(float));
  if (!pads_) return;
  padded_h_ = padded_size(h);
  padded_w_ = padded_size(w);
  padded_bytes_ =
      aligned(static_cast<size_t>(windows.batch * padded_h_ * padded_w_ * windows.channels) *
              sizeof(float));
  const Shape image = {windows.batch, h.input, w.input, windows.channels};
  const Shape padded = {windows.batch, padded_h_, padded_w_, windows.channels};
  const std::vector<int64_t> sizes(image.sizes().begin(), image.sizes().end());
  const std::vector<int64_t> own = internal::row_major_strides(image);
  const std::vector<int64_t> around = internal::row_major_strides(padded);
  const int64_t offset = h.padding * around[1] + w.padding * around[2];
  pad_ = std::make_unique<StridedCopy>(internal::CopyAxes(sizes, own, around), sizeof(float), 0,
                                       offset);
  unpad_ = std::make_unique<StridedCopy>(internal::CopyAxes(sizes, around, own), sizeof(float),
                                         offset, 0);
}

CudnnConv::~CudnnConv() {
  if (image_ != nullptr) cudnnDestroyTensorDescriptor(image_);
  if (out_ != nullptr) cudnnDestroyTensorDescriptor(out_);
  if (bias_ != nullptr) cudnnDestroyTensorDescriptor(bias_);
  if (filter_ != nullptr) cudnnDestroyFilterDescriptor(filter_);
  if (conv_ != nullptr) cudnnDestroyConvolutionDescriptor(conv_);
  if (relu_ != nullptr) cudnnDestroyActivationDescriptor(relu_);
}

void CudnnConv::describe(bool allow_tf32) {
  const auto number = [](int64_t size) { return static_cast<int>(size); };
  const auto tensor = [&](cudnnTensorDescriptor_t& descriptor, int64_t n, int64_t c, int64_t h,
                          int64_t w) {
    check(cudnnCreateTensorDescriptor(&descriptor), "cudnnCreateTensorDescriptor");
    check(cudnnSetTensor4dDescriptor(descriptor, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, number(n),
                                     number(c), number(h), number(w)),
          "cudnnSetTensor4dDescriptor");
  };
  const WindowAxis &h = windows_.h, &w = windows_.w;
  tensor(image_, windows_.batch, windows_.channels, padded_h_, padded_w_);
  tensor(out_, windows_.batch, outputs_, h.output, w.output);
  tensor(bias_, 1, outputs_, 1, 1);
  check(cudnnCreateFilterDescriptor(&filter_), "cudnnCreateFilterDescriptor");
  check(cudnnSetFilter4dDescriptor(filter_, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, number(outputs_),
                                   number(windows_.channels / groups_), number(h.size),
                                   number(w.size)),
        "cudnnSetFilter4dDescriptor");
  check(cudnnCreateConvolutionDescriptor(&conv_), "cudnnCreateConvolutionDescriptor");
  check(cudnnSetConvolution2dDescriptor(conv_, pads_ ? 0 : number(h.padding),
                                        pads_ ? 0 : number(w.padding), number(h.stride),
                                        number(w.stride), number(h.dilation), number(w.dilation),
                                        CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
        "cudnnSetConvolution2dDescriptor");
  check(cudnnSetConvolutionGroupCount(conv_, number(groups_)), "cudnnSetConvolutionGroupCount");
  // The default lets TensorFloat-32 in.
  check(cudnnSetConvolutionMathType(conv_, allow_tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH),
        "cudnnSetConvolutionMathType");
  check(cudnnCreateActivationDescriptor(&relu_), "cudnnCreateActivationDescriptor");
  check(cudnnSetActivationDescriptor(relu_, CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0),
        "cudnnSetActivationDescriptor");
}

bool CudnnConv::choose(cudnnHandle_t handle, Direction direction, bool allow_tf32) {
  constexpr int kMost = 16;
  int count = 0;
  const auto ask = [&](auto results, auto get) {
    const bool answer = get(kMost, &count, results.data()) == CUDNN_STATUS_SUCCESS;
    results.resize(answer ? static_cast<size_t>(count) : 0);
    const auto* found = first_sure(results, allow_tf32);
    if (found != nullptr) {
      library_bytes_ = aligned(found->memory);
      // The algorithm and its workspace were named for this kind of arithmetic.
      check(cudnnSetConvolutionMathType(conv_, allow_tf32 ? found->mathType : CUDNN_FMA_MATH),
            "cudnnSetConvolutionMathType");
    }
    return found != nullptr ? std::make_pair(true, found->algo)
                            : std::make_pair(false, decltype(found->algo){});
  };
  bool found = false;
  if (direction == Direction::kForward) {
    std::tie(found, forward_) =
        ask(std::vector<cudnnConvolutionFwdAlgoPerf_t>(kMost), [&](int most, int* n, auto* r) {
          return cudnnGetConvolutionForwardAlgorithm_v7(handle, image_, filter_, conv_, out_, most,
                                                        n, r);
        });
  } else if (direction == Direction::kImageGradient) {
    std::tie(found, image_gradient_) =
        ask(std::vector<cudnnConvolutionBwdDataAlgoPerf_t>(kMost), [&](int most, int* n, auto* r) {
          return cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, filter_, out_, conv_, image_,
                                                             most, n, r);
        });
  } else {
    std::tie(found, filter_gradient_) = ask(std::vector<cudnnConvolutionBwdFilterAlgoPerf_t>(kMost),
                                            [&](int most, int* n, auto* r) {
                                              return cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                                                  handle, image_, out_, conv_, filter_, most, n, r);
                                            });
  }
  if (library_bytes_ != 0) library_bytes_ += 256;
  filter_bytes_ += 256;  // the workspace's own alignment is less
  return found;
}

// Whether the call was taken. What it can't do it says at once: it isn't asked again.
bool CudnnConv::answered(cudnnStatus_t status, const char* what) {
  if (status == CUDNN_STATUS_SUCCESS) return true;
  const int kind = static_cast<int>(status) / 1000 * 1000;
  if (kind != CUDNN_STATUS_NOT_SUPPORTED && kind != CUDNN_STATUS_BAD_PARAM) check(status, what);
  refused_ = true;
  return false;
}

char* CudnnConv::filter_memory(const internal::Launch& args) const {
  return reinterpret_cast<char*>(aligned(reinterpret_cast<uintptr_t>(args.workspace)));
}
char* CudnnConv::padded_memory(const internal::Launch& args) const {
  return filter_memory(args) + filter_bytes_ - 256;
}
char* CudnnConv::library_memory(const internal::Launch& args) const {
  return library_bytes_ == 0 ? nullptr : padded_memory(args) + padded_bytes_;
}

void CudnnConv::turn_filter(const internal::Launch& args, const void* filter) const {
  transpose_matrices(stream(args), filter_turned_, sizeof(float), filter, filter_memory(args));
}

const void* CudnnConv::padded(const internal::Launch& args, const void* image) const {
  if (!pads_) return image;
  fill_zeros(stream(args), padded_memory(args), static_cast<int64_t>(padded_bytes_), 1);
  pad_->run(stream(args), image, padded_memory(args));
  return padded_memory(args);
}

bool CudnnConv::forward(const internal::Launch& args, const void* image, const void* filter,
                        const void* bias, void* out) {
  if (refused_) return false;
  turn_filter(args, filter);
  image = padded(args, image);
  const float one = 1, zero = 0;
  cudnnHandle_t handle = queue(args).cudnn();
  const size_t bytes = library_bytes_ == 0 ? 0 : library_bytes_ - 256;
  if (bias != nullptr) {
    return answered(cudnnConvolutionBiasActivationForward(handle, &one, image_, image, filter_,
                                                          filter_memory(args), conv_, forward_,
                                                          library_memory(args), bytes, &zero, out_,
                                                          out, bias_, bias, relu_, out_, out),
                    "cudnnConvolutionBiasActivationForward");
  }
  return answered(
      cudnnConvolutionForward(handle, &one, image_, image, filter_, filter_memory(args), conv_,
                              forward_, library_memory(args), bytes, &zero, out_, out),
      "cudnnConvolutionForward");
}

bool CudnnConv::image_gradient(const internal::Launch& args, const void* filter,
                               const void* gradient, void* image) {
  if (refused_) return false;
  turn_filter(args, filter);
  const float one = 1, zero = 0;
  const size_t bytes = library_bytes_ == 0 ? 0 : library_bytes_ - 256;
  void* to = pads_ ? padded_memory(args) : image;
  const bool done =
      answered(cudnnConvolutionBackwardData(queue(args).cudnn(), &one, filter_, filter_memory(args),
                                            out_, gradient, conv_, image_gradient_,
                                            library_memory(args), bytes, &zero, image_, to),
               "cudnnConvolutionBackwardData");
  if (done && pads_) unpad_->run(stream(args), to, image);
  return done;
}

bool CudnnConv::filter_gradient(const internal::Launch& args, const void* image,
                                const void* gradient, void* filter) {
  if (refused_) return false;
  image = padded(args, image);
  const float one = 1, zero = 0;
  const size_t bytes = library_bytes_ == 0 ? 0 : library_bytes_ - 256;
  const bool done = answered(
      cudnnConvolutionBackwardFilter(queue(args).cudnn(), &one, image_, image, out_, gradient,
                                     conv_, filter_gradient_, library_memory(args), bytes, &zero,
                                     filter_, filter_memory(args)),
      "cudnnConvolutionBackwardFilter");
  if (done) {
    transpose_matrices(stream(args), filter_back_, sizeof(float), filter_memory(args), filter);
  }
  return done;
}

}  // namespace tenon::cuda
