// What is measured on the CPU and on GPUs: a recurrent cell, a chain of arithmetic, a
// normalisation.
#pragma once

#include "training_workloads.h"

namespace bench {

inline tenon::Output constant(uint32_t stream, const tenon::Shape& shape, double scale = 1) {
  return tenon::Variable(numbers(stream, shape, scale), {.trainable = false});
}

// 100 steps of h = tanh(concat(x_t, h) w + b).
inline tenon::Output recurrent(const tenon::Output& w, const tenon::Output& b) {
  const std::vector<tenon::Output> inputs =
      tenon::unstack(constant(41, {100, 32, 64}), {.axis = 0});
  tenon::Output h = tenon::zeros({32, 128});
  for (const tenon::Output& x : inputs) {
    h = tenon::tanh(tenon::nn::bias_add(tenon::matmul(tenon::concat({x, h}, 1), w), b));
  }
  return h;
}

inline tenon::Output ew_chain20() {
  const double factors[] = {0.9, 1.1, 0.8, 1.2, 0.95}, shifts[] = {0.1, 0.2, 0.3, 0.4, 0.5};
  const tenon::Output x = constant(91, {1024, 1024});
  tenon::Output y = x;
  for (int i = 0; i < 5; ++i) {
    y = tenon::maximum(y * static_cast<float>(factors[i]) + x - static_cast<float>(shifts[i]),
                       -1.0f);
  }
  return y;
}

inline tenon::Output norm() {
  const tenon::Output x = constant(92, {4096, 1024}), gamma = constant(93, {1024}),
                      beta = constant(94, {1024});
  const tenon::Output centred = x - tenon::reduce_mean(x, {.axis = {-1}, .keepdims = true});
  const tenon::Output variance =
      tenon::reduce_mean(tenon::square(centred), {.axis = {-1}, .keepdims = true});
  return centred * tenon::rsqrt(variance + 1e-5f) * gamma + beta;
}

}  // namespace bench
