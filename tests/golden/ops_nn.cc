// Operations of neural networks.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

namespace nn = tenon::nn;
using tenon::Output;

nn::Padding padding_of(const OpCall& call) {
  const Json& padding = call.attribute("padding");
  if (padding.is_string()) return padding.get<std::string>();
  std::vector<std::pair<int64_t, int64_t>> sides;
  for (const Json& side : padding) {
    sides.emplace_back(integer_from(side.at(0)), integer_from(side.at(1)));
  }
  return sides;
}

Thing conv2d(const OpCall& call) {
  nn::Conv2DOptions options;
  options.strides = call.integers("strides");
  options.padding = padding_of(call);
  if (call.has("dilations")) options.dilations = call.integers("dilations");
  options.name = call.name();
  return nn::conv2d(call.input(0), call.input(1), options);
}

template <Output (*pool)(tenon::Input, const nn::PoolOptions&)>
Thing pooled(const OpCall& call) {
  return pool(call.input(0), {.ksize = call.integers("ksize"),
                              .strides = call.integers("strides"),
                              .padding = padding_of(call),
                              .name = call.name()});
}

Thing bias_add(const OpCall& call) {
  nn::BiasAddOptions options;
  if (call.has("data_format")) {
    options.data_format = call.attribute("data_format").get<std::string>();
  }
  options.name = call.name();
  return nn::bias_add(call.input(0), call.input(1), options);
}

Thing batch_normalization(const OpCall& call) {
  nn::BatchNormalizationOptions options;
  if (!call.json(3).is_null()) options.offset = call.input(3);
  if (!call.json(4).is_null()) options.scale = call.input(4);
  if (call.has("variance_epsilon")) options.variance_epsilon = call.as_input("variance_epsilon");
  options.name = call.name();
  return nn::batch_normalization(call.input(0), call.input(1), call.input(2), options);
}

Thing moments(const OpCall& call) {
  const nn::Moments found = nn::moments(call.input(0), call.axes("axes"),
                                        {.keepdims = call.flag("keepdims"), .name = call.name()});
  return list_of(std::vector<Output>{found.mean, found.variance});
}

template <Output (*softmax)(tenon::Input, const nn::SoftmaxOptions&)>
Thing softmax_of(const OpCall& call) {
  return softmax(call.input(0), {.axis = call.integer("axis", -1), .name = call.name()});
}

Thing softmax_cross_entropy(const OpCall& call) {
  return nn::softmax_cross_entropy_with_logits(
      {.labels = call.input(0), .logits = call.input(1), .name = call.name()});
}

template <Output (*entropy)(const nn::SparseCrossEntropyOptions&, tenon::Location)>
Thing cross_entropy(const OpCall& call) {
  return entropy({.labels = call.input(0), .logits = call.input(1), .name = call.name()},
                 tenon::Location::current());
}

Thing leaky_relu(const OpCall& call) {
  nn::LeakyReluOptions options;
  if (call.has("alpha")) options.alpha = number(call.attribute("alpha"));
  options.name = call.name();
  return nn::leaky_relu(call.input(0), options);
}

Thing dropout(const OpCall& call) {
  return nn::dropout(call.input(0), {.rate = number(call.attribute("rate")), .name = call.name()});
}

Thing embedding_lookup(const OpCall& call) {
  nn::EmbeddingLookupOptions options;
  if (call.has("partition_strategy")) {
    options.partition_strategy = call.attribute("partition_strategy").get<std::string>();
  }
  if (call.has("max_norm")) options.max_norm = call.as_input("max_norm");
  options.name = call.name();
  return nn::embedding_lookup(call.one_or_more(0), call.input(1), options);
}

}  // namespace

const OpTable& nn_ops() {
  static const OpTable ops = {
      {"conv2d", conv2d},
      {"max_pool", pooled<nn::max_pool>},
      {"avg_pool", pooled<nn::avg_pool>},
      {"bias_add", bias_add},
      {"batch_normalization", batch_normalization},
      {"moments", moments},
      {"softmax", softmax_of<nn::softmax>},
      {"log_softmax", softmax_of<nn::log_softmax>},
      {"softmax_cross_entropy_with_logits", softmax_cross_entropy},
      {"sparse_softmax_cross_entropy_with_logits",
       cross_entropy<nn::sparse_softmax_cross_entropy_with_logits>},
      {"sigmoid_cross_entropy_with_logits", cross_entropy<nn::sigmoid_cross_entropy_with_logits>},
      {"leaky_relu", leaky_relu},
      {"dropout", dropout},
      {"embedding_lookup", embedding_lookup},
  };
  return ops;
}

}  // namespace replay
