// Conv2D and its gradients: float32 by cuDNN where it has an engine that gives the same bits every
// time, all else by plain kernels. Images are NHWC, filters HWIO.
#include "cuda/cudnn_conv.h"
#include "cuda/epilogue.h"
#include "cuda/plain_conv.h"

namespace tenon::cuda {

using internal::Activation;
using internal::Kernel;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;

namespace {

PlainConv plain_conv(const KernelRequest& request, const Shape& image, const Shape& filter,
                     const Shape& output) {
  return {.windows = internal::make_windows(*request.attrs, image, output, filter[0], filter[1]),
          .outputs = filter[3],
          .groups = internal::conv_groups(image, filter),
          .dtype = request.output_dtype(0)};
}

// Null where there is none by cuDNN.
std::shared_ptr<CudnnConv> cudnn_conv(const KernelRequest& request, const PlainConv& plain,
                                      ConvDirection direction,
                                      const internal::Epilogue& epilogue = {}) {
  if (plain.dtype != DType::float32) return nullptr;
  return CudnnConv::make(request, {.direction = direction,
                                   .windows = plain.windows,
                                   .outputs = plain.outputs,
                                   .groups = plain.groups,
                                   .bias = epilogue.bias,
                                   .relu = epilogue.activation == Activation::kRelu});
}

Kernel kernel(const std::shared_ptr<CudnnConv>& library,
              std::function<void(const Launch&)> launch) {
  return {.workspace_bytes = library ? library->workspace_bytes() : 0,
          .launch = std::move(launch),
          .module = library ? library->name() : "cuda"};
}

Kernel prepare_conv(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const PlainConv plain =
      plain_conv(request, request.input_shape(0), request.input_shape(1), output);
  const internal::Epilogue epilogue = request.epilogue;
  const int64_t size = output.element_count(), channels = output[3];
  // cuDNN has no engine for a relu without a bias.
  const bool fusable = epilogue.bias && (epilogue.activation == Activation::kNone ||
                                         epilogue.activation == Activation::kRelu);
  std::shared_ptr<CudnnConv> library =
      fusable ? cudnn_conv(request, plain, ConvDirection::kForward, epilogue) : nullptr;
  const bool fused = library != nullptr;
  if (!fused) library = cudnn_conv(request, plain, ConvDirection::kForward);
  return kernel(library, [=](const Launch& args) {
    const void *image = args.inputs[0], *filter = args.inputs[1];
    const void* bias = epilogue.bias ? args.inputs[2] : nullptr;
    void* out = args.outputs[0];
    const bool done =
        library != nullptr &&
        library->run(
            args,
            {.image = image, .filter = filter, .output = out, .bias = fused ? bias : nullptr});
    if (done && fused) return;
    if (!done) plain.forward(stream(args), image, filter, out);
    apply_epilogue(stream(args), plain.dtype, out, bias, size, channels, epilogue);
  });
}

Kernel prepare_image_gradient(const KernelRequest& request) {
  const PlainConv plain =
      plain_conv(request, request.output_shape(0), request.input_shape(1), request.input_shape(2));
  const auto library = cudnn_conv(request, plain, ConvDirection::kImageGradient);
  return kernel(library, [=](const Launch& args) {
    const void *filter = args.inputs[1], *gradient = args.inputs[2];
    void* image = args.outputs[0];
    const bool done = library != nullptr &&
                      library->run(args, {.image = image, .filter = filter, .output = gradient});
    if (!done) plain.image_gradient(stream(args), filter, gradient, image);
  });
}

Kernel prepare_filter_gradient(const KernelRequest& request) {
  const PlainConv plain =
      plain_conv(request, request.input_shape(0), request.output_shape(0), request.input_shape(2));
  const auto library = cudnn_conv(request, plain, ConvDirection::kFilterGradient);
  return kernel(library, [=](const Launch& args) {
    const void *image = args.inputs[0], *gradient = args.inputs[2];
    void* filter = args.outputs[0];
    const bool done = library != nullptr &&
                      library->run(args, {.image = image, .filter = filter, .output = gradient});
    if (!done) plain.filter_gradient(stream(args), image, gradient, filter);
  });
}

}  // namespace

void register_nn_conv(KernelRegistry& kernels) {
  for (const DType dtype : {float32, float64}) {
    kernels.add("Conv2D", dtype, {.prepare = prepare_conv, .epilogues = true});
    kernels.add("Conv2DBackpropInput", dtype, prepare_image_gradient);
    kernels.add("Conv2DBackpropFilter", dtype, prepare_filter_gradient);
  }
}

}  // namespace tenon::cuda
