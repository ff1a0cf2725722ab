// The network that reads digits: what is trained by one program is served by another.
#pragma once

#include <tenon/tenon.h>

#include <cstdint>

namespace digits {

inline tenon::Output conv_relu(tenon::Output input, tenon::Shape kernel_shape,
                               tenon::Shape bias_shape) {
  auto weights = tenon::get_variable("weights", {.shape = kernel_shape});
  auto zeros = tenon::zeros_initializer();
  auto biases = tenon::get_variable("biases", {.shape = bias_shape, .initializer = zeros});
  auto conv = tenon::nn::conv2d(input, weights, {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  return tenon::nn::relu(conv + biases);
}

inline tenon::Output dense(tenon::Output input, int64_t units) {
  auto weights = tenon::get_variable("weights", {.shape = {input.shape()[1], units}});
  auto biases =
      tenon::get_variable("biases", {.shape = {units}, .initializer = tenon::zeros_initializer});
  return tenon::matmul(input, weights) + biases;
}

inline tenon::Output halve(tenon::Output x) {
  return tenon::nn::max_pool(x,
                             {.ksize = {1, 2, 2, 1}, .strides = {1, 2, 2, 1}, .padding = "SAME"});
}

// One number a digit for each image; the variables belong to the scope around it.
inline tenon::Output read_digits(tenon::Output images) {
  tenon::Output x;
  {
    auto scope = tenon::variable_scope("conv1");
    x = halve(conv_relu(images, {3, 3, 1, 32}, {32}));
  }
  {
    auto scope = tenon::variable_scope("conv2");
    x = halve(conv_relu(x, {3, 3, 32, 64}, {64}));
  }
  {
    auto scope = tenon::variable_scope("dense1");
    x = tenon::nn::relu(dense(tenon::reshape(x, {-1, 2 * 2 * 64}), 128));
  }
  auto scope = tenon::variable_scope("dense2");
  return dense(x, 10);
}

}  // namespace digits
