// Conv2D and its gradients by oneDNN. Images stay NHWC; filters are packed as oneDNN wants them.
//
// A kernel is cut into parts of the batch (a single image: of its rows) only by the shapes. Each
// part is one primitive on one thread, so that the number of threads changes no bit.
#include <algorithm>

#include "core/kernels/window.h"
#include "onednn/kernels.h"
#include "onednn/rule.h"

namespace tenon::onednn {
namespace {

using internal::WindowAxis;
using internal::Windows;

constexpr int64_t kMostConvolutionParts = 8;
constexpr double kLeastWork = 8e6;  // multiplications and additions of one part

// Some of the images, or some rows of one.
struct Part {
  int64_t images, rows_in, rows_out;
  int64_t padding_before, padding_after;  // of the rows
  int64_t image_offset, output_offset;    // elements
};

struct Convolution {
  Windows windows;
  int64_t channels_out;
  int64_t groups;  // that the channels are in

  int64_t channels_in() const { return windows.channels / groups; }  // that a filter sees

  int64_t image_size() const { return windows.h.input * row_in(); }
  int64_t output_size() const { return windows.h.output * row_out(); }
  int64_t row_in() const { return windows.w.input * windows.channels; }
  int64_t row_out() const { return windows.w.output * channels_out; }
  int64_t filter_size() const {
    return windows.h.size * windows.w.size * channels_in() * channels_out;
  }
  double work() const {
    return 2.0 * static_cast<double>(windows.batch * windows.h.output * windows.w.output) *
           static_cast<double>(filter_size());
  }
  bool empty() const { return windows.batch * output_size() * image_size() * filter_size() == 0; }
  ConvolutionSize size() const {
    return {.batch = windows.batch,
            .points = windows.h.output * windows.w.output,
            .taps = windows.h.size * windows.w.size,
            .channels_in = channels_in(),
            .channels_out = channels_out / groups};
  }
};

int64_t padding_after(const WindowAxis& axis) {
  const int64_t covered = (axis.output - 1) * axis.stride + (axis.size - 1) * axis.dilation + 1;
  return std::max<int64_t>(0, covered - axis.padding - axis.input);
}

// The rows [first, last) of the output of one image.
Part rows_part(const Convolution& conv, int64_t first, int64_t last) {
  const WindowAxis& h = conv.windows.h;
  const int64_t begin = first * h.stride - h.padding;
  const int64_t end = (last - 1) * h.stride - h.padding + (h.size - 1) * h.dilation + 1;
  const int64_t from = std::clamp<int64_t>(begin, 0, h.input);
  const int64_t to = std::clamp<int64_t>(end, from, h.input);
  return {.images = 1,
          .rows_in = to - from,
          .rows_out = last - first,
          .padding_before = from - begin,
          .padding_after = end - to,
          .image_offset = from * conv.row_in(),
          .output_offset = first * conv.row_out()};
}

int64_t count_of_parts(const Convolution& conv) {
  return std::clamp<int64_t>(static_cast<int64_t>(conv.work() / kLeastWork), 1,
                             kMostConvolutionParts);
}

std::vector<Part> batch_parts(const Convolution& conv) {
  const int64_t batch = conv.windows.batch, count = count_of_parts(conv);
  const int64_t images = (batch + count - 1) / count;
  std::vector<Part> parts;
  for (int64_t first = 0; first < batch; first += images) {
    parts.push_back({.images = std::min(images, batch - first),
                     .rows_in = conv.windows.h.input,
                     .rows_out = conv.windows.h.output,
                     .padding_before = conv.windows.h.padding,
                     .padding_after = padding_after(conv.windows.h),
                     .image_offset = first * conv.image_size(),
                     .output_offset = first * conv.output_size()});
  }
  return parts;
}

std::vector<Part> forward_parts(const Convolution& conv) {
  const int64_t rows = conv.windows.h.output, count = std::min(rows, count_of_parts(conv));
  if (conv.windows.batch > 1 || count == 1) return batch_parts(conv);
  const int64_t height = (rows + count - 1) / count;
  std::vector<Part> parts;
  for (int64_t first = 0; first < rows; first += height) {
    parts.push_back(rows_part(conv, first, std::min(rows, first + height)));
    if (parts.back().rows_in == 0) return batch_parts(conv);  // sees nothing but padding
  }
  return parts;
}

memory::desc images(int64_t count, int64_t rows, int64_t width, int64_t channels) {
  return floats({count, channels, rows, width},
                {rows * width * channels, 1, width * channels, channels});
}

// The filter [h, w, in, out], as sizes {out, in, h, w}; with groups before them where there are
// any.
memory::dims filter_sizes(const Convolution& conv) {
  const int64_t out = conv.channels_out / conv.groups, in = conv.channels_in();
  const Windows& w = conv.windows;
  if (conv.groups == 1) return {out, in, w.h.size, w.w.size};
  return {conv.groups, out, in, w.h.size, w.w.size};
}
memory::desc plain_filter(const Convolution& conv) {
  const int64_t out = conv.channels_out, in = conv.channels_in(), width = conv.windows.w.size;
  if (conv.groups == 1) return floats(filter_sizes(conv), {1, out, width * in * out, in * out});
  return floats(filter_sizes(conv), {out / conv.groups, 1, out, width * in * out, in * out});
}

ConvolutionDescs describe(const Convolution& conv, const Part& part, bool bias) {
  const Windows& w = conv.windows;
  return {.image = images(part.images, part.rows_in, w.w.input, w.channels),
          .filter = any_layout(filter_sizes(conv)),
          .bias = bias ? floats({conv.channels_out}, {1}) : memory::desc(),
          .output = images(part.images, part.rows_out, w.w.output, conv.channels_out),
          .strides = {w.h.stride, w.w.stride},
          .dilations = {w.h.dilation - 1, w.w.dilation - 1},
          .padding_before = {part.padding_before, w.w.padding},
          .padding_after = {part.padding_after, padding_after(w.w)}};
}

// Whether these sizes are oneDNN's to compute.
bool sound(const Convolution& conv) { return !conv.empty(); }

// What the three kernels share: a primitive a part, all with one layout of the filter.
struct Parts {
  std::vector<Part> parts;
  std::vector<std::unique_ptr<Primitive>> primitives;
  memory::desc filter = {};
  Workspace workspace = {};
  std::vector<size_t> scratchpads = {};

  // `Desc` is a primitive's descriptor, `desc_filter` the layout that it chose.
  template <typename Primitive_, typename Desc>
  void add(const Desc& desc, const memory::desc& desc_filter,
           std::vector<Primitive::Argument> arguments) {
    if (primitives.empty()) filter = desc_filter;
    if (filter != desc_filter) {
      throw dnnl::error(dnnl_unimplemented, "parts want different layouts of one filter");
    }
    primitives.push_back(std::make_unique<Primitive>(Primitive_(desc), desc.scratchpad_desc(),
                                                     std::move(arguments)));
    scratchpads.push_back(workspace.add(primitives.back()->scratchpad_bytes()));
  }
};

Convolution convolution(const KernelRequest& request, const Shape& image, const Shape& filter,
                        const Shape& output) {
  return {.windows = internal::make_windows(*request.attrs, image, output, filter[0], filter[1]),
          .channels_out = filter[3],
          .groups = internal::conv_groups(image, filter)};
}

// ---- Forward -----------------------------------------------------------------------------------

class Forward {
 public:
  Forward(const Convolution& conv, const internal::Epilogue& epilogue)
      : conv_(conv), epilogue_(epilogue) {
    const OneThread one_thread;
    parts_.parts = forward_parts(conv);
    for (const Part& part : parts_.parts) {
      ConvolutionDescs descs = describe(conv, part, epilogue.bias);
      const auto desc = forward_convolution(engine(), descs, attributes());
      parts_.add<dnnl::convolution_forward>(desc, desc.weights_desc(),
                                            {{DNNL_ARG_SRC, descs.image},
                                             {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                                             {DNNL_ARG_BIAS, descs.bias},
                                             {DNNL_ARG_DST, descs.output}});
    }
    filter_ = std::make_unique<PackedWeights>(plain_filter(conv), parts_.filter);
    packed_ = parts_.workspace.add(filter_->workspace_bytes());
  }

  size_t workspace_bytes() const { return parts_.workspace.bytes(); }

  void run(const Launch& args) const {
    const void* filter = filter_->get(args.inputs[1], version(args, 1), part(args, packed_));
    const float* bias = epilogue_.bias ? args.input<float>(2) : nullptr;
    internal::pool(args).for_each(static_cast<int64_t>(parts_.parts.size()), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      const Part& part_of = parts_.parts[at];
      float* output = args.output<float>(0) + part_of.output_offset;
      parts_.primitives[at]->run(
          {args.input<float>(0) + part_of.image_offset, filter, bias, output},
          part(args, parts_.scratchpads[at]));
      activate(epilogue_.activation, output, part_of.images * part_of.rows_out * conv_.row_out());
    });
  }

 private:
  Convolution conv_;
  internal::Epilogue epilogue_;
  Parts parts_;
  std::unique_ptr<PackedWeights> filter_;
  size_t packed_ = 0;
};

Kernel prepare_forward(const KernelRequest& request) {
  const Convolution conv =
      convolution(request, request.input_shape(0), request.input_shape(1), request.output_shape(0));
  if (!knows(request.epilogue) || !sound(conv) || !wins_forward(conv.size())) return declined();
  const auto plan = std::make_shared<const Forward>(conv, request.epilogue);
  return {.workspace_bytes = plan->workspace_bytes(),
          .wants_versions = true,
          .launch = [plan](const Launch& args) { plan->run(args); },
          .module = kModule};
}

// ---- Gradient by the image ---------------------------------------------------------------------

class ImageGradient {
 public:
  explicit ImageGradient(const Convolution& conv) {
    const OneThread one_thread;
    parts_.parts = batch_parts(conv);
    for (const Part& part : parts_.parts) {
      const ConvolutionDescs descs = describe(conv, part, false);
      const auto forward = forward_convolution(engine(), descs, attributes());
      const auto desc = image_gradient(engine(), descs, attributes(), forward);
      parts_.add<dnnl::convolution_backward_data>(desc, desc.weights_desc(),
                                                  {{DNNL_ARG_DIFF_DST, descs.output},
                                                   {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                                                   {DNNL_ARG_DIFF_SRC, descs.image}});
    }
    filter_ = std::make_unique<PackedWeights>(plain_filter(conv), parts_.filter);
    packed_ = parts_.workspace.add(filter_->workspace_bytes());
  }

  size_t workspace_bytes() const { return parts_.workspace.bytes(); }

  void run(const Launch& args) const {
    const void* filter = filter_->get(args.inputs[1], version(args, 1), part(args, packed_));
    internal::pool(args).for_each(static_cast<int64_t>(parts_.parts.size()), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      const Part& part_of = parts_.parts[at];
      parts_.primitives[at]->run({args.input<float>(2) + part_of.output_offset, filter,
                                  args.output<float>(0) + part_of.image_offset},
                                 part(args, parts_.scratchpads[at]));
    });
  }

 private:
  Parts parts_;
  std::unique_ptr<PackedWeights> filter_;
  size_t packed_ = 0;
};

Kernel prepare_image_gradient(const KernelRequest& request) {
  const Convolution conv =
      convolution(request, request.output_shape(0), request.input_shape(1), request.input_shape(2));
  if (!sound(conv) || !wins_image_gradient(conv.size())) return declined();
  const auto plan = std::make_shared<const ImageGradient>(conv);
  return {.workspace_bytes = plan->workspace_bytes(),
          .wants_versions = true,
          .launch = [plan](const Launch& args) { plan->run(args); },
          .module = kModule};
}

// ---- Gradient by the filter --------------------------------------------------------------------

// Each part's own sum, in oneDNN's layout of the filter; then these are added in order.
class FilterGradient {
 public:
  explicit FilterGradient(const Convolution& conv) {
    const OneThread one_thread;
    parts_.parts = batch_parts(conv);
    for (const Part& part : parts_.parts) {
      const ConvolutionDescs descs = describe(conv, part, false);
      const auto forward = forward_convolution(engine(), descs, attributes());
      const auto desc = filter_gradient(engine(), descs, attributes(), forward);
      parts_.add<dnnl::convolution_backward_weights>(
          desc, desc.diff_weights_desc(),
          {{DNNL_ARG_SRC, descs.image},
           {DNNL_ARG_DIFF_DST, descs.output},
           {DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc()}});
      sums_.push_back(parts_.workspace.add(parts_.filter.get_size()));
    }
    unpack_ = std::make_unique<Reorder>(parts_.filter, plain_filter(conv));
    filter_size_ = static_cast<int64_t>(parts_.filter.get_size() / sizeof(float));
  }

  size_t workspace_bytes() const { return parts_.workspace.bytes(); }

  void run(const Launch& args) const {
    internal::pool(args).for_each(static_cast<int64_t>(parts_.parts.size()), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      const Part& part_of = parts_.parts[at];
      parts_.primitives[at]->run({args.input<float>(0) + part_of.image_offset,
                                  args.input<float>(2) + part_of.output_offset, sum(args, at)},
                                 part(args, parts_.scratchpads[at]));
    });
    float* const total = sum(args, 0);
    internal::pool(args).for_range(filter_size_, kAddedAtOnce, [&](int64_t begin, int64_t end) {
      for (size_t part_at = 1; part_at < sums_.size(); ++part_at) {
        const float* from = sum(args, part_at);
        for (int64_t i = begin; i < end; ++i) total[i] += from[i];
      }
      if (!unpack_->changes_layout()) {
        std::copy(total + begin, total + end, args.output<float>(0) + begin);
      }
    });
    if (unpack_->changes_layout()) unpack_->run(total, args.outputs[0]);
  }

 private:
  static constexpr int64_t kAddedAtOnce = 1 << 14;

  float* sum(const Launch& args, size_t part_at) const {
    return reinterpret_cast<float*>(part(args, sums_[part_at]));
  }

  Parts parts_;
  std::vector<size_t> sums_;
  std::unique_ptr<Reorder> unpack_;
  int64_t filter_size_ = 0;
};

Kernel prepare_filter_gradient(const KernelRequest& request) {
  const Convolution conv =
      convolution(request, request.input_shape(0), request.output_shape(0), request.input_shape(2));
  if (!sound(conv) || !wins_filter_gradient(conv.size())) return declined();
  const auto plan = std::make_shared<const FilterGradient>(conv);
  return {.workspace_bytes = plan->workspace_bytes(),
          .launch = [plan](const Launch& args) { plan->run(args); },
          .module = kModule};
}

}  // namespace

void register_nn_conv(internal::KernelRegistry& kernels) {
  kernels.add("Conv2D", float32, {.prepare = declining<prepare_forward>, .epilogues = true});
  kernels.add("Conv2DBackpropInput", float32, declining<prepare_image_gradient>);
  kernels.add("Conv2DBackpropFilter", float32, declining<prepare_filter_gradient>);
}

}  // namespace tenon::onednn
