// The training steps that are measured, and tested against TensorFlow's losses. Weights, images and
// labels come from a formula, so that every engine can make the very same ones without a file.
#pragma once

#include <tenon/tenon.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

inline uint32_t bits(uint32_t stream, uint32_t index) {
  uint32_t x = index * 0x9E3779B9u + stream * 0x85EBCA6Bu;
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  x ^= x >> 16;
  return x;
}

// Uniform in [-scale, scale).
inline tenon::Tensor numbers(uint32_t stream, const tenon::Shape& shape, double scale = 1) {
  tenon::Tensor tensor(tenon::float32, shape);
  uint32_t index = 0;
  for (float& value : tensor.mutable_data<float>()) {
    value = (static_cast<float>(bits(stream, index++) >> 8) * 0x1p-23f - 1.0f) *
            static_cast<float>(scale);
  }
  return tensor;
}

inline tenon::Tensor labels(uint32_t stream, int64_t count) {
  tenon::Tensor tensor(tenon::int32, {count});
  uint32_t index = 0;
  for (int32_t& value : tensor.mutable_data<int32_t>()) {
    value = static_cast<int32_t>((bits(stream, index++) >> 8) % 10);
  }
  return tensor;
}

// Variables whose numbers come from one stream after the other: weights by glorot's rule, biases 0.
class Parameters {
 public:
  explicit Parameters(uint32_t stream) : stream_(stream) {}
  tenon::Variable weights(const tenon::Shape& shape) {
    double fan = 1;
    for (int i = 0; i < shape.rank() - 2; ++i) fan *= static_cast<double>(shape[i]);
    fan *= static_cast<double>(shape[-2] + shape[-1]);
    return make(numbers(stream_, shape, std::sqrt(6.0 / fan)));
  }
  tenon::Variable biases(int64_t count) { return make(numbers(stream_, {count}, 0)); }

 private:
  tenon::Variable make(const tenon::Tensor& value) {
    return tenon::Variable(value, {.name = "p" + std::to_string(stream_++)});
  }
  uint32_t stream_;
};

inline tenon::Output dense(Parameters& parameters, const tenon::Output& x, int64_t units) {
  const tenon::Variable w = parameters.weights({x.shape()[1], units});
  return tenon::nn::bias_add(tenon::matmul(x, w), parameters.biases(units));
}

inline tenon::Output conv_relu_pool(Parameters& parameters, const tenon::Output& x,
                                    const tenon::Shape& kernel) {
  const tenon::Variable w = parameters.weights(kernel);
  const tenon::Output y = tenon::nn::conv2d(x, w, {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  return tenon::nn::max_pool(
      tenon::nn::relu(tenon::nn::bias_add(y, parameters.biases(kernel.back()))),
      {.ksize = {2}, .strides = {2}, .padding = "SAME"});
}

// A loss, and the operation that takes one step of Adam against it.
struct TrainingStep {
  tenon::Output loss;
  tenon::Operation train;
};

inline TrainingStep train(const tenon::Output& logits, const tenon::Tensor& classes) {
  const tenon::Variable labels(classes, {.name = "labels", .trainable = false});
  const tenon::Output loss = tenon::reduce_mean(
      tenon::nn::sparse_softmax_cross_entropy_with_logits({.labels = labels, .logits = logits}));
  return {loss, tenon::train::AdamOptimizer().minimize(loss)};
}

inline tenon::Output images(uint32_t stream, const tenon::Shape& shape) {
  return tenon::Variable(numbers(stream, shape), {.name = "x", .trainable = false});
}

// Two convolutions and two dense layers on 64 square images.
inline TrainingStep convolutional(uint32_t stream, int64_t side, int64_t kernel, int64_t units) {
  Parameters parameters(stream + 2);
  tenon::Output x =
      conv_relu_pool(parameters, images(stream, {64, side, side, 1}), {kernel, kernel, 1, 32});
  x = conv_relu_pool(parameters, x, {kernel, kernel, 32, 64});
  x = tenon::reshape(x, {64, side / 4 * (side / 4) * 64});
  x = tenon::nn::relu(dense(parameters, x, units));
  return train(dense(parameters, x, 10), labels(stream + 1, 64));
}

inline TrainingStep digits_train() { return convolutional(51, 8, 3, 128); }
inline TrainingStep cnn_train() { return convolutional(71, 28, 5, 1024); }

inline TrainingStep mlp_train() {
  Parameters parameters(63);
  tenon::Output x = tenon::nn::relu(dense(parameters, images(61, {128, 784}), 512));
  x = tenon::nn::relu(dense(parameters, x, 512));
  return train(dense(parameters, x, 10), labels(62, 128));
}

}  // namespace bench
