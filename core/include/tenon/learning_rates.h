// Learning rates that fall as training goes on, computed in the graph from the global step.
//
//   Variable global_step = train::get_or_create_global_step();
//   Output rate = train::exponential_decay(0.1, global_step, {.decay_steps = 1000,
//                                                             .decay_rate = 0.96});
//   train::GradientDescentOptimizer({.learning_rate = rate})
//       .minimize(loss, {.global_step = global_step});
//
// Each answers a scalar of the learning rate's dtype. Below, t is global_step, an integer or
// floating scalar, and all other arguments are converted to the learning rate's dtype.
#pragma once

#include <string>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"

namespace tenon::train {

struct ExponentialDecayOptions {
  Input decay_steps;
  Input decay_rate;
  bool staircase = false;  // round t / decay_steps down: the rate falls in steps
  std::string name = {};
};
// learning_rate * decay_rate ^ (t / decay_steps)
TENON_API Output exponential_decay(const Input& learning_rate, const Input& global_step,
                                   const ExponentialDecayOptions& options);
// learning_rate * exp(-decay_rate * t / decay_steps)
TENON_API Output natural_exp_decay(const Input& learning_rate, const Input& global_step,
                                   const ExponentialDecayOptions& options);
// learning_rate / (1 + decay_rate * t / decay_steps)
TENON_API Output inverse_time_decay(const Input& learning_rate, const Input& global_step,
                                    const ExponentialDecayOptions& options);

struct PolynomialDecayOptions {
  Input decay_steps;
  Input end_learning_rate = 0.0001;
  Input power = 1.0;
  bool cycle = false;  // start again after decay_steps, towards the next multiple of it
  std::string name = {};
};
// end + (learning_rate - end) * (1 - min(t, decay_steps) / decay_steps) ^ power
TENON_API Output polynomial_decay(const Input& learning_rate, const Input& global_step,
                                  const PolynomialDecayOptions& options);

struct CosineDecayOptions {
  Input decay_steps;
  double alpha = 0.0;  // the share of the learning rate that is left at the end
  std::string name = {};
};
// Half a wave, from learning_rate down to alpha * learning_rate in decay_steps.
TENON_API Output cosine_decay(const Input& learning_rate, const Input& global_step,
                              const CosineDecayOptions& options);

struct CosineDecayRestartsOptions {
  Input first_decay_steps;
  Input t_mul = 2.0;  // each period is that much longer than the one before
  Input m_mul = 1.0;  // and begins that much higher
  double alpha = 0.0;
  std::string name = {};
};
// Cosine decay that starts again after first_decay_steps, and then again and again (Loshchilov and
// Hutter, 2017).
TENON_API Output cosine_decay_restarts(const Input& learning_rate, const Input& global_step,
                                       const CosineDecayRestartsOptions& options);

struct LinearCosineDecayOptions {
  Input decay_steps;
  Input num_periods = 0.5;  // of the wave within decay_steps
  Input alpha = 0.0;
  Input beta = 0.001;
  std::string name = {};
};
// A line that falls from 1 to 0 in decay_steps and a wave beside it (Bello et al., 2017):
// learning_rate * ((alpha + line) * (1 + cos(2 pi * num_periods * t / decay_steps)) / 2 + beta)
TENON_API Output linear_cosine_decay(const Input& learning_rate, const Input& global_step,
                                     const LinearCosineDecayOptions& options);

struct PiecewiseConstantOptions {
  Inputs boundaries;  // ascending
  Inputs values;      // one more
  std::string name = {};
};
// values[0] up to and with x = boundaries[0], values[1] up to and with boundaries[1], ..., and the
// last value beyond the last boundary.
// Throws ValueError (bad_argument) without a boundary, or when there isn't one value more than
// there are boundaries; ValueError (shape_incompatible, which TensorFlow's message is taken for)
// when a boundary isn't of x's dtype (int32 beside int64 will do), or the values are of several.
TENON_API Output piecewise_constant(const Input& x, const PiecewiseConstantOptions& options);

}  // namespace tenon::train
