// Learning rates that depend on the global step, the operation's input.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

namespace train = tenon::train;
using tenon::Input;
using tenon::Output;

template <Output (*decay)(const Input&, const Input&, const train::ExponentialDecayOptions&)>
Thing exponential(const OpCall& call) {
  return decay(call.as_input("learning_rate"), call.input(0),
               {.decay_steps = call.as_input("decay_steps"),
                .decay_rate = call.as_input("decay_rate"),
                .staircase = call.flag("staircase"),
                .name = call.name()});
}

Thing polynomial(const OpCall& call) {
  train::PolynomialDecayOptions options{.decay_steps = call.as_input("decay_steps")};
  if (call.has("end_learning_rate")) options.end_learning_rate = call.as_input("end_learning_rate");
  if (call.has("power")) options.power = call.as_input("power");
  options.cycle = call.flag("cycle");
  options.name = call.name();
  return train::polynomial_decay(call.as_input("learning_rate"), call.input(0), options);
}

// An attribute that may be left out.
void read(const OpCall& call, const char* attribute, Input& to) {
  if (call.has(attribute)) to = call.as_input(attribute);
}

double alpha_of(const OpCall& call) {
  return call.has("alpha") ? number(call.attribute("alpha")) : 0.0;
}

// The global step; Python's programs may pass None.
Input step_of(const OpCall& call) {
  if (call.json(0).is_null()) {
    throw Mistake{"bad_argument", "ValueError", "None values not supported."};
  }
  return call.input(0);
}

Thing cosine(const OpCall& call) {
  return train::cosine_decay(
      call.as_input("learning_rate"), call.input(0),
      {.decay_steps = call.as_input("decay_steps"), .alpha = alpha_of(call), .name = call.name()});
}

Thing cosine_restarts(const OpCall& call) {
  train::CosineDecayRestartsOptions options{.first_decay_steps =
                                                call.as_input("first_decay_steps")};
  read(call, "t_mul", options.t_mul);
  read(call, "m_mul", options.m_mul);
  options.alpha = alpha_of(call);
  options.name = call.name();
  return train::cosine_decay_restarts(call.as_input("learning_rate"), step_of(call), options);
}

Thing linear_cosine(const OpCall& call) {
  train::LinearCosineDecayOptions options{.decay_steps = call.as_input("decay_steps")};
  read(call, "num_periods", options.num_periods);
  read(call, "alpha", options.alpha);
  read(call, "beta", options.beta);
  options.name = call.name();
  return train::linear_cosine_decay(call.as_input("learning_rate"), step_of(call), options);
}

Thing piecewise_constant(const OpCall& call) {
  return train::piecewise_constant(
      call.input(0), {.boundaries = call.program().inputs(call.attribute("boundaries")),
                      .values = call.program().inputs(call.attribute("values")),
                      .name = call.name()});
}

}  // namespace

const OpTable& rate_ops() {
  static const OpTable ops = {
      {"exponential_decay", exponential<train::exponential_decay>},
      {"natural_exp_decay", exponential<train::natural_exp_decay>},
      {"inverse_time_decay", exponential<train::inverse_time_decay>},
      {"polynomial_decay", polynomial},
      {"cosine_decay", cosine},
      {"cosine_decay_restarts", cosine_restarts},
      {"linear_cosine_decay", linear_cosine},
      {"piecewise_constant", piecewise_constant},
  };
  return ops;
}

}  // namespace replay
