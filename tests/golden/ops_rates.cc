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

Thing cosine(const OpCall& call) {
  return train::cosine_decay(call.as_input("learning_rate"), call.input(0),
                             {.decay_steps = call.as_input("decay_steps"), .name = call.name()});
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
      {"piecewise_constant", piecewise_constant},
  };
  return ops;
}

}  // namespace replay
