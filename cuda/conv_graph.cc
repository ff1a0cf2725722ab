#include "cuda/conv_graph.h"

#include <algorithm>
#include <array>

namespace tenon::cuda {
namespace {

using internal::WindowAxis;
using Sizes = std::array<int64_t, 4>;  // in cuDNN's order: batch or outputs, channels, h, w

// Values on their way from one operation of the graph to the next have numbers from here on.
constexpr int64_t kFirstVirtual = 100;

// How far the windows of an axis reach beyond the image's end.
int64_t padding_behind(const WindowAxis& axis) {
  const int64_t covered = (axis.output - 1) * axis.stride + (axis.size - 1) * axis.dilation + 1;
  return std::max<int64_t>(0, covered - axis.padding - axis.input);
}

bool fits_int(std::initializer_list<int64_t> sizes) {
  int64_t product = 1;
  for (const int64_t size : sizes) {
    if (size <= 0 || size > INT32_MAX || product > INT32_MAX / size) return false;
    product *= size;
  }
  return true;
}

// What the attributes of one direction's operation are called.
struct ConvOperation {
  cudnnBackendDescriptorType_t type;
  cudnnBackendAttributeName_t alpha, beta, conv, filter, image, output;
};

const ConvOperation& operation_of(ConvDirection direction) {
  static constexpr ConvOperation kForward = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y};
  static constexpr ConvOperation kImageGradient = {
      CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY};
  static constexpr ConvOperation kFilterGradient = {
      CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY};
  if (direction == ConvDirection::kForward) return kForward;
  return direction == ConvDirection::kImageGradient ? kImageGradient : kFilterGradient;
}

// The operations of one graph and what they take; with whatever was refused nothing more is done.
class GraphMaker {
 public:
  explicit GraphMaker(const ConvProblem& problem) : problem_(problem) {}

  bool make(CudnnDescriptor& graph) {
    const bool more = problem_.bias || problem_.relu;
    CudnnDescriptor result = output(more);
    add_convolution(result);
    if (problem_.bias) {
      const CudnnDescriptor bias =
          tensor(static_cast<int64_t>(ConvTensor::kBias), {1, problem_.outputs, 1, 1},
                 {problem_.outputs, 1, problem_.outputs, problem_.outputs});
      result = add_pointwise(CUDNN_POINTWISE_ADD, result, &bias, problem_.relu);
    }
    if (problem_.relu) add_pointwise(CUDNN_POINTWISE_RELU_FWD, result, nullptr, false);
    if (!fine_) return false;
    graph = CudnnDescriptor(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, std::span<const CudnnDescriptor>(operations_));
    return graph.finalize();
  }

 private:
  void finish(CudnnDescriptor& descriptor) { fine_ = fine_ && descriptor.finalize(); }

  CudnnDescriptor tensor(int64_t number, const Sizes& sizes, const Sizes& strides) {
    CudnnDescriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    tensor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_DATA_FLOAT);
    tensor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::span<const int64_t>(sizes));
    tensor.set(CUDNN_ATTR_TENSOR_STRIDES, std::span<const int64_t>(strides));
    tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, number);
    tensor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, kConvAlignment);
    tensor.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, number >= kFirstVirtual);
    finish(tensor);
    return tensor;
  }
  CudnnDescriptor image(int64_t number, int64_t channels, int64_t h, int64_t w) {
    return tensor(number, {problem_.windows.batch, channels, h, w},
                  {h * w * channels, 1, w * channels, channels});
  }
  CudnnDescriptor output(bool is_virtual) {
    const int64_t number =
        is_virtual ? kFirstVirtual + virtuals_++ : static_cast<int64_t>(ConvTensor::kOutput);
    return image(number, problem_.outputs, problem_.windows.h.output, problem_.windows.w.output);
  }
  CudnnDescriptor filter() {
    const int64_t h = problem_.windows.h.size, w = problem_.windows.w.size;
    const int64_t channels = problem_.windows.channels / problem_.groups;
    return tensor(static_cast<int64_t>(ConvTensor::kFilter), {problem_.outputs, channels, h, w},
                  {h * w * channels, 1, w * channels, channels});
  }

  CudnnDescriptor convolution() {
    CudnnDescriptor conv(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    const WindowAxis &h = problem_.windows.h, &w = problem_.windows.w;
    const auto set = [&](cudnnBackendAttributeName_t name, std::array<int64_t, 2> of_axes) {
      conv.set(name, std::span<const int64_t>(of_axes));
    };
    conv.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
    conv.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
    conv.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2});
    set(CUDNN_ATTR_CONVOLUTION_DILATIONS, {h.dilation, w.dilation});
    set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, {h.stride, w.stride});
    set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, {h.padding, w.padding});
    set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, {padding_behind(h), padding_behind(w)});
    finish(conv);
    return conv;
  }

  void add_convolution(const CudnnDescriptor& result) {
    const ConvOperation& names = operation_of(problem_.direction);
    const WindowAxis &h = problem_.windows.h, &w = problem_.windows.w;
    CudnnDescriptor operation(names.type);
    operation.set(names.alpha, 1.0f);
    operation.set(names.beta, 0.0f);
    operation.set(names.conv, convolution());
    operation.set(names.filter, filter());
    operation.set(names.image, image(static_cast<int64_t>(ConvTensor::kImage),
                                     problem_.windows.channels, h.input, w.input));
    operation.set(names.output, result);
    finish(operation);
    operations_.push_back(std::move(operation));
  }

  CudnnDescriptor add_pointwise(cudnnPointwiseMode_t mode, const CudnnDescriptor& x,
                                const CudnnDescriptor* b, bool is_virtual) {
    CudnnDescriptor function(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    function.set(CUDNN_ATTR_POINTWISE_MODE, mode);
    function.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
    if (mode == CUDNN_POINTWISE_RELU_FWD) {
      function.set(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_PROPAGATE_NAN);
    }
    finish(function);
    CudnnDescriptor result = output(is_virtual);
    CudnnDescriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, function);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b != nullptr) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *b);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, result);
    finish(operation);
    operations_.push_back(std::move(operation));
    return result;
  }

  const ConvProblem& problem_;
  std::vector<CudnnDescriptor> operations_;
  int64_t virtuals_ = 0;
  bool fine_ = true;
};

}  // namespace

bool cudnn_counts(const ConvProblem& problem) {
  const WindowAxis &h = problem.windows.h, &w = problem.windows.w;
  const auto reach = [](const WindowAxis& axis) {
    return axis.input + axis.padding + padding_behind(axis);
  };
  return fits_int({problem.windows.batch, reach(h), reach(w), problem.windows.channels}) &&
         fits_int({problem.windows.batch, h.output, w.output, problem.outputs}) &&
         fits_int({h.size, w.size, problem.windows.channels, problem.outputs}) &&
         fits_int({h.stride, w.stride, h.dilation, w.dilation});
}

std::optional<ConvProblem> as_forward(const ConvProblem& problem) {
  if (problem.direction != ConvDirection::kImageGradient) return std::nullopt;
  ConvProblem forward = problem;
  forward.direction = ConvDirection::kForward;
  std::swap(forward.windows.channels, forward.outputs);
  for (WindowAxis* const axis : {&forward.windows.h, &forward.windows.w}) {
    const int64_t reach = (axis->size - 1) * axis->dilation;
    if (axis->stride != 1 || axis->padding > reach || padding_behind(*axis) > reach) {
      return std::nullopt;
    }
    axis->padding = reach - axis->padding;
    std::swap(axis->input, axis->output);
  }
  return forward;
}

bool make_conv_graph(const ConvProblem& problem, CudnnDescriptor& graph) {
  return GraphMaker(problem).make(graph);
}

}  // namespace tenon::cuda
