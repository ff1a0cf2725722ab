// conv1d, conv2d and conv2d_transpose.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/layers/convolution.h"
#include "core/layers/layer_checks.h"
#include "tenon/array_ops.h"
#include "tenon/layers.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"

namespace tenon::layers {

using internal::channels_of;
using internal::size_of;

Conv2D::Conv2D(int64_t filters, const Sizes& kernel_size, const ConvOptions& options)
    : Conv2D(filters, kernel_size, options, false) {}

Conv2D::Conv2D(int64_t filters, const Sizes& kernel_size, const ConvOptions& options,
               bool name_is_scope)
    : Layer("conv2d", layer_options(options, name_is_scope)),
      filters_(filters),
      kernel_size_(kernel_size.of_axes(2, "kernel_size")),
      options_(options) {
  check_convolution(filters, options);
}

void Conv2D::check(const Output& inputs) const {
  internal::require_rank_at_least(inputs, 4, kind());
}

void Conv2D::build(const Output& inputs) {
  const int64_t in = channels_of(inputs, kind());
  kernel_ =
      add_weight("kernel", kernel_of(options_, {kernel_size_[0], kernel_size_[1], in, filters_}));
  if (options_.use_bias) bias_ = add_weight("bias", bias_of(options_, filters_));
}

// Further axes before those of the images are images, too.
Output Conv2D::call(const Output& inputs) {
  const int rank = inputs.shape().rank();
  Output images = inputs;
  if (rank > 4) {
    images =
        reshape(inputs, std::vector<Input>{-1, size_of(inputs, rank - 3), size_of(inputs, rank - 2),
                                           size_of(inputs, rank - 1)});
  }
  Output outputs =
      with_bias(nn::conv2d(images, kernel_, image_convolution(options_)), bias_, options_);
  if (rank > 4) {
    std::vector<Input> sizes;
    for (int i = 0; i + 3 < rank; ++i) sizes.push_back(size_of(inputs, i));
    for (int i = 1; i < 4; ++i) sizes.push_back(size_of(outputs, i));
    outputs = reshape(outputs, sizes);
  }
  return options_.activation(outputs);
}

namespace {

class Conv1D : public Layer {
 public:
  Conv1D(int64_t filters, const Sizes& kernel_size, const ConvOptions& options)
      : Layer("conv1d", layer_options(options, true)),
        filters_(filters),
        size_(kernel_size.of_axes(1, "kernel_size")[0]),
        options_(options) {
    check_convolution(filters, options);
  }

 protected:
  void check(const Output& inputs) const override {
    internal::require_rank_at_least(inputs, 3, kind());
  }
  void build(const Output& inputs) override {
    kernel_ =
        add_weight("kernel", kernel_of(options_, {size_, channels_of(inputs, kind()), filters_}));
    if (options_.use_bias) bias_ = add_weight("bias", bias_of(options_, filters_));
  }
  Output call(const Output& inputs) override {
    const Output convolved =
        nn::conv1d(inputs, kernel_,
                   {.stride = options_.strides.of_axes(1, "strides")[0],
                    .padding = internal::padding_of(options_.padding),
                    .dilation = options_.dilation_rate.of_axes(1, "dilation")[0]});
    return options_.activation(with_bias(convolved, bias_, options_));
  }

 private:
  int64_t filters_, size_;
  ConvOptions options_;
  Variable kernel_, bias_;
};

// By how much an axis of that size grows.
Input grown(const Output& inputs, int axis, int64_t stride, int64_t kernel, bool same) {
  const int64_t more = same ? 0 : std::max<int64_t>(kernel - stride, 0);
  const int64_t size = inputs.shape()[axis];
  if (size >= 0) return static_cast<int32_t>(size * stride + more);
  return shape(inputs)[axis] * stride + more;
}

class Conv2DTranspose : public Layer {
 public:
  Conv2DTranspose(int64_t filters, const Sizes& kernel_size, const ConvOptions& options)
      : Layer("conv2d_transpose", layer_options(options, true)),
        filters_(filters),
        size_(kernel_size.of_axes(2, "kernel_size")),
        options_(options) {
    check_convolution(filters, options);
  }

 protected:
  void check(const Output& inputs) const override { internal::require_rank(inputs, 4, kind()); }
  void build(const Output& inputs) override {
    const int64_t in = channels_of(inputs, kind());
    kernel_ = add_weight("kernel", kernel_of(options_, {size_[0], size_[1], filters_, in}));
    if (options_.use_bias) bias_ = add_weight("bias", bias_of(options_, filters_));
  }
  Output call(const Output& inputs) override {
    const nn::Conv2DOptions how = image_convolution(options_);
    const bool same = internal::padding_of(options_.padding) == "SAME";
    const std::vector<Input> sizes = {
        size_of(inputs, 0), grown(inputs, 1, how.strides[0], size_[0], same),
        grown(inputs, 2, how.strides[1], size_[1], same), static_cast<int32_t>(filters_)};
    const Output convolved = nn::conv2d_transpose(inputs, kernel_, sizes, how);
    return options_.activation(with_bias(convolved, bias_, options_));
  }

 private:
  int64_t filters_;
  std::vector<int64_t> size_;
  ConvOptions options_;
  Variable kernel_, bias_;
};

class SeparableConv2D : public Layer {
 public:
  SeparableConv2D(int64_t filters, const Sizes& kernel_size, const SeparableConvOptions& options)
      : Layer("separable_conv2d", layer_options(options, true)),
        filters_(filters),
        size_(kernel_size.of_axes(2, "kernel_size")),
        options_(options) {
    check_convolution(filters, options);
  }

 protected:
  void check(const Output& inputs) const override { internal::require_rank(inputs, 4, kind()); }
  void build(const Output& inputs) override {
    const int64_t in = channels_of(inputs, kind()), multiplier = options_.depth_multiplier;
    depthwise_ = add_weight("depthwise_kernel", {.shape = {size_[0], size_[1], in, multiplier},
                                                 .initializer = options_.depthwise_initializer,
                                                 .regularizer = options_.depthwise_regularizer,
                                                 .constraint = options_.depthwise_constraint});
    pointwise_ = add_weight("pointwise_kernel", {.shape = {1, 1, in * multiplier, filters_},
                                                 .initializer = options_.pointwise_initializer,
                                                 .regularizer = options_.pointwise_regularizer,
                                                 .constraint = options_.pointwise_constraint});
    if (options_.use_bias) bias_ = add_weight("bias", bias_of(options_, filters_));
  }
  Output call(const Output& inputs) override {
    const Output convolved =
        nn::separable_conv2d(inputs, depthwise_, pointwise_, image_convolution(options_));
    return options_.activation(with_bias(convolved, bias_, options_));
  }

 private:
  int64_t filters_;
  std::vector<int64_t> size_;
  SeparableConvOptions options_;
  Variable depthwise_, pointwise_, bias_;
};

}  // namespace

Output conv1d(Input inputs, int64_t filters, const Sizes& kernel_size, const ConvOptions& options) {
  return Conv1D(filters, kernel_size, options)(std::move(inputs));
}

Output conv2d(Input inputs, int64_t filters, const Sizes& kernel_size, const ConvOptions& options) {
  return Conv2D(filters, kernel_size, options, true)(std::move(inputs));
}

Output conv2d_transpose(Input inputs, int64_t filters, const Sizes& kernel_size,
                        const ConvOptions& options) {
  return Conv2DTranspose(filters, kernel_size, options)(std::move(inputs));
}

Output separable_conv2d(Input inputs, int64_t filters, const Sizes& kernel_size,
                        const SeparableConvOptions& options) {
  return SeparableConv2D(filters, kernel_size, options)(std::move(inputs));
}

}  // namespace tenon::layers
