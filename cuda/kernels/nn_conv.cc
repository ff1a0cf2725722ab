// Conv2D and its gradients: float32 by cuDNN where it has an algorithm that gives the same bits
// every time, all else by plain kernels. Images are NHWC, filters HWIO.
#include <algorithm>

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
            .groups = internal::conv_groups(image, filter),
            .dtype = request.output_dtype(0)} {
    if (plain.dtype != DType::float32) return;
    library = CudnnConv::make(request, plain.windows, plain.outputs, plain.groups, direction);
  }
  // Null also where an address is one that cuDNN's kernels, which read 16 bytes at a time, don't
  // take: a tensor of the caller's may begin at any element. Filters are turned around on the way.
  CudnnConv* library_for(std::initializer_list<const void*> addresses) const {
    const bool aligned = std::all_of(addresses.begin(), addresses.end(), [](const void* address) {
      return reinterpret_cast<uintptr_t>(address) % 16 == 0;
    });
    return aligned ? library.get() : nullptr;
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
  return {.workspace_bytes = std::max(conv.workspace_bytes(), unfused.workspace_bytes()),
          .launch =
              [=](const Launch& args) {
                const void *image = args.inputs[0], *filter = args.inputs[1];
                const void* bias = epilogue.bias ? args.inputs[2] : nullptr;
                void* out = args.outputs[0];
                CudnnConv* const whole = fused ? conv.library_for({image, bias, out}) : nullptr;
                if (whole != nullptr && whole->forward(args, image, filter, bias, out)) return;
                CudnnConv* const library = unfused.library_for({image, out});
                const bool done =
                    library != nullptr && library->forward(args, image, filter, nullptr, out);
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
                void* image = args.outputs[0];
                CudnnConv* const library = conv.library_for({gradient, image});
                const bool done =
                    library != nullptr && library->image_gradient(args, filter, gradient, image);
                if (!done) conv.plain.image_gradient(stream(args), filter, gradient, image);
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
                void* filter = args.outputs[0];
                CudnnConv* const library = conv.library_for({image, gradient});
                const bool done =
                    library != nullptr && library->filter_gradient(args, image, gradient, filter);
                if (!done) conv.plain.filter_gradient(stream(args), image, gradient, filter);
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
