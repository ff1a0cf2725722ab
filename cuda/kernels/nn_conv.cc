// Conv2D and its gradients: float32 by cuDNN where it has an algorithm that gives the same bits
// every time, all else by plain kernels. Images are NHWC, filters HWIO.
#include "cuda/cudnn_conv.h"
#include "cuda/epilogue.h"
#include "cuda/plain_conv.h"

namespace tenon::cuda {

using internal::Kernel;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;

namespace {

using Direction = CudnnConv::Direction;

// How one convolution is done.
struct Conv {
  PlainConv plain;
  std::shared_ptr<CudnnConv> library;  // null: there is none

  Conv(const KernelRequest& request, const Shape& image, const Shape& filter, const Shape& output,
       Direction direction)
      : plain{
            .windows = internal::make_windows(*request.attrs, image, output, filter[0], filter[1]),
            .outputs = filter[3],
            .dtype = request.output_dtype(0)} {
    internal::require(image[3] == filter[2], ErrorKind::shape_incompatible, "The image ", image,
                      " has another number of channels than the filter ", filter, " takes");
    if (plain.dtype != DType::float32) return;
    library = CudnnConv::make(request, plain.windows, plain.outputs, direction);
  }
  size_t workspace_bytes() const { return library ? library->workspace_bytes() : 0; }
  const char* module() const { return library ? "cudnn" : "cuda"; }
};

Kernel prepare_conv(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const Conv conv(request, request.input_shape(0), request.input_shape(1), output,
                  Direction::kForward);
  const internal::Epilogue epilogue = request.epilogue;
  const bool fused = epilogue.bias && epilogue.activation == internal::Activation::kRelu;
  const int64_t size = output.element_count(), channels = output[3];
  // A second one, since the fused call may be refused where the plain one isn't.
  const Conv unfused = fused ? Conv(request, request.input_shape(0), request.input_shape(1), output,
                                    Direction::kForward)
                             : conv;
  return {
      .workspace_bytes = conv.workspace_bytes(),
      .launch =
          [=](const Launch& args) {
            const void *image = args.inputs[0], *filter = args.inputs[1];
            const void* bias = epilogue.bias ? args.inputs[2] : nullptr;
            void* out = args.outputs[0];
            if (fused && conv.library && conv.library->forward(args, image, filter, bias, out)) {
              return;
            }
            const bool done =
                unfused.library && unfused.library->forward(args, image, filter, nullptr, out);
            if (!done) conv.plain.forward(stream(args), image, filter, out);
            apply_epilogue(stream(args), conv.plain.dtype, out, bias, size, channels, epilogue);
          },
      .module = conv.module()};
}

Kernel prepare_image_gradient(const KernelRequest& request) {
  const Conv conv(request, request.output_shape(0), request.input_shape(1), request.input_shape(2),
                  Direction::kImageGradient);
  return {.workspace_bytes = conv.workspace_bytes(),
          .launch =
              [conv](const Launch& args) {
                const void *filter = args.inputs[1], *gradient = args.inputs[2];
                const bool done = conv.library && conv.library->image_gradient(
                                                      args, filter, gradient, args.outputs[0]);
                if (done) return;
                conv.plain.image_gradient(stream(args), filter, gradient, args.outputs[0]);
              },
          .module = conv.module()};
}

Kernel prepare_filter_gradient(const KernelRequest& request) {
  const Conv conv(request, request.input_shape(0), request.output_shape(0), request.input_shape(2),
                  Direction::kFilterGradient);
  return {.workspace_bytes = conv.workspace_bytes(),
          .launch =
              [conv](const Launch& args) {
                const void *image = args.inputs[0], *gradient = args.inputs[2];
                const bool done = conv.library && conv.library->filter_gradient(
                                                      args, image, gradient, args.outputs[0]);
                if (done) return;
                conv.plain.filter_gradient(stream(args), image, gradient, args.outputs[0]);
              },
          .module = conv.module()};
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
