// oneDNN 2.6 and 3.x under one face; the only file that includes oneDNN. What differs: version 2
// describes an operation before its primitive, version 3 at once.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>

namespace tenon::onednn {

using dnnl::memory;

struct ConvolutionDescs {
  memory::desc image, filter, bias, output;  // of the tensors or of their gradients; no bias: zero
  memory::dims strides, dilations, padding_before, padding_after;
};

struct ProductDescs {
  memory::desc a, b, bias, c;
  bool has_bias = false;
};

constexpr auto kConvolution = dnnl::algorithm::convolution_direct;

#if DNNL_VERSION_MAJOR >= 3

inline dnnl::convolution_forward::primitive_desc forward_convolution(
    const dnnl::engine& engine, const ConvolutionDescs& d, const dnnl::primitive_attr& attr) {
  return {engine,          dnnl::prop_kind::forward_inference,
          kConvolution,    d.image,
          d.filter,        d.bias,
          d.output,        d.strides,
          d.dilations,     d.padding_before,
          d.padding_after, attr};
}

inline dnnl::convolution_backward_data::primitive_desc image_gradient(
    const dnnl::engine& engine, const ConvolutionDescs& d, const dnnl::primitive_attr& attr,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {engine,      kConvolution,     d.image,         d.filter, d.output, d.strides,
          d.dilations, d.padding_before, d.padding_after, forward,  attr};
}

inline dnnl::convolution_backward_weights::primitive_desc filter_gradient(
    const dnnl::engine& engine, const ConvolutionDescs& d, const dnnl::primitive_attr& attr,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {engine,      kConvolution,     d.image,         d.filter, d.output, d.strides,
          d.dilations, d.padding_before, d.padding_after, forward,  attr};
}

inline dnnl::matmul::primitive_desc product(const dnnl::engine& engine, const ProductDescs& d,
                                            const dnnl::primitive_attr& attr) {
  if (d.has_bias) return {engine, d.a, d.b, d.bias, d.c, attr};
  return {engine, d.a, d.b, d.c, attr};
}

#else

inline dnnl::convolution_forward::primitive_desc forward_convolution(
    const dnnl::engine& engine, const ConvolutionDescs& d, const dnnl::primitive_attr& attr) {
  const dnnl::convolution_forward::desc desc(dnnl::prop_kind::forward_inference, kConvolution,
                                             d.image, d.filter, d.bias, d.output, d.strides,
                                             d.dilations, d.padding_before, d.padding_after);
  return {desc, attr, engine};
}

inline dnnl::convolution_backward_data::primitive_desc image_gradient(
    const dnnl::engine& engine, const ConvolutionDescs& d, const dnnl::primitive_attr& attr,
    const dnnl::convolution_forward::primitive_desc& forward) {
  const dnnl::convolution_backward_data::desc desc(kConvolution, d.image, d.filter, d.output,
                                                   d.strides, d.dilations, d.padding_before,
                                                   d.padding_after);
  return {desc, attr, engine, forward};
}

inline dnnl::convolution_backward_weights::primitive_desc filter_gradient(
    const dnnl::engine& engine, const ConvolutionDescs& d, const dnnl::primitive_attr& attr,
    const dnnl::convolution_forward::primitive_desc& forward) {
  const dnnl::convolution_backward_weights::desc desc(kConvolution, d.image, d.filter, d.output,
                                                      d.strides, d.dilations, d.padding_before,
                                                      d.padding_after);
  return {desc, attr, engine, forward};
}

inline dnnl::matmul::primitive_desc product(const dnnl::engine& engine, const ProductDescs& d,
                                            const dnnl::primitive_attr& attr) {
  if (d.has_bias) return {dnnl::matmul::desc(d.a, d.b, d.bias, d.c), attr, engine};
  return {dnnl::matmul::desc(d.a, d.b, d.c), attr, engine};
}

#endif

}  // namespace tenon::onednn
