// Convolutions and their gradients of float32 as cuDNN's operation graphs.
//
// Images are NHWC, as TensorFlow's. Filters are OHWI: cuDNN 9.19 accepts the strides of
// TensorFlow's HWIO too, but computes as if they were those of OHWI. The padding behind an image
// may be larger than the one before it, as TensorFlow's SAME makes it where the sum is odd.
#pragma once

#include <optional>

#include "core/kernels/window.h"
#include "cuda/cudnn_descriptor.h"

namespace tenon::cuda {

enum class ConvDirection : uint8_t { kForward, kImageGradient, kFilterGradient };

struct ConvProblem {
  ConvDirection direction = ConvDirection::kForward;
  internal::Windows windows;
  int64_t outputs, groups;
  bool bias = false, relu = false;  // of what goes forward: relu(convolution + bias)
};

// An image's gradient as a convolution of what comes in: the filters' taps in reverse order, their
// inputs and outputs exchanged. For that cuDNN has the faster engines. None for other problems, and
// where windows lie apart or the image has more padding than windows reach.
std::optional<ConvProblem> as_forward(const ConvProblem& problem);

// Whether no size is 0, and none too large for the 32 bits by which cuDNN's kernels count.
bool cudnn_counts(const ConvProblem& problem);

// By these a plan knows the tensors that it is given. Of a gradient, one of the first two is the
// result, and kOutput what comes in.
enum class ConvTensor : int64_t { kImage = 1, kFilter, kOutput, kBias };

// Tensors begin at multiples of so many bytes.
inline constexpr int64_t kConvAlignment = 16;

// The graph, finalized. False where cuDNN can't do the like.
bool make_conv_graph(const ConvProblem& problem, CudnnDescriptor& graph);

}  // namespace tenon::cuda
