// Arguments of layers and cells: the fields of a step as the options that have them.
#pragma once

#include <tenon/tenon.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/golden/forms.h"
#include "tests/golden/program.h"

namespace replay {

inline tenon::layers::Activation activation_of(const std::string& name) {
  static const std::map<std::string, tenon::layers::Activation> kActivations = {
      {"relu", tenon::nn::relu},
      {"tanh", tenon::tanh},
      {"sigmoid", tenon::sigmoid},
      {"elu", tenon::nn::elu},
      {"softplus", tenon::nn::softplus}};
  return chosen(kActivations, name);
}

inline tenon::layers::Sizes sizes_of(const Json& value) {
  if (value.is_array()) return integers_from(value);
  return integer_from(value);
}

// The sum form of a regularizer, of a layer's result.
inline tenon::layers::ActivityRegularizer activity_regularizer_of(const Json& form) {
  const double scale = form.value("scale", 1.0);
  return [scale](const tenon::Output& result) { return scale * tenon::reduce_sum(result); };
}

inline void read(Program& program, const Json& form, tenon::Initializer& to) {
  to = initializer_from(program, form);
}
inline void read(Program&, const Json& form, tenon::Regularizer& to) {
  to = regularizer_from(form);
}
inline void read(Program&, const Json& form, tenon::Constraint& to) { to = constraint_from(form); }
inline void read(Program&, const Json& form, tenon::layers::Activation& to) {
  if (!form.is_null()) to = activation_of(form.get<std::string>());
}
inline void read(Program&, const Json& form, tenon::layers::ActivityRegularizer& to, int) {
  to = activity_regularizer_of(form);
}
inline void read(Program&, const Json& form, tenon::layers::Sizes& to) { to = sizes_of(form); }
inline void read(Program&, const Json& form, bool& to) { to = form.get<bool>(); }
inline void read(Program&, const Json& form, double& to) { to = number(form); }
inline void read(Program&, const Json& form, std::optional<double>& to) { to = number(form); }
inline void read(Program&, const Json& form, std::optional<int64_t>& to) {
  to = integer_from(form);
}
inline void read(Program&, const Json& form, int64_t& to) { to = integer_from(form); }
inline void read(Program&, const Json& form, std::string& to) { to = form.get<std::string>(); }
inline void read(Program& program, const Json& form, tenon::Input& to) {
  to = form.is_boolean() ? tenon::Input(form.get<bool>()) : program.input(form);
}
inline void read(Program&, const Json& form, tenon::Reuse& to) {
  to = form == "AUTO_REUSE" ? tenon::Reuse(tenon::AUTO_REUSE) : tenon::Reuse(form.get<bool>());
}

// Reads the fields of a step that these options have. FIELD names one of both.
template <typename Options>
Options layer_options(Program& program, const Json& step) {
  Options options{};
#define TENON_READ(FIELD)                                                           \
  if constexpr (requires { options.FIELD; }) {                                      \
    if (!field(step, #FIELD).is_null()) read(program, step[#FIELD], options.FIELD); \
  }
  TENON_READ(activation)
  TENON_READ(use_bias)
  TENON_READ(strides)
  TENON_READ(padding)
  TENON_READ(dilation_rate)
  TENON_READ(depth_multiplier)
  TENON_READ(kernel_initializer)
  TENON_READ(bias_initializer)
  TENON_READ(depthwise_initializer)
  TENON_READ(pointwise_initializer)
  TENON_READ(kernel_regularizer)
  TENON_READ(bias_regularizer)
  TENON_READ(depthwise_regularizer)
  TENON_READ(kernel_constraint)
  TENON_READ(bias_constraint)
  TENON_READ(momentum)
  TENON_READ(epsilon)
  TENON_READ(center)
  TENON_READ(scale)
  TENON_READ(beta_initializer)
  TENON_READ(gamma_initializer)
  TENON_READ(moving_mean_initializer)
  TENON_READ(moving_variance_initializer)
  TENON_READ(beta_regularizer)
  TENON_READ(gamma_regularizer)
  TENON_READ(fused)
  TENON_READ(rate)
  TENON_READ(training)
  TENON_READ(trainable)
  TENON_READ(name)
  TENON_READ(reuse)
  TENON_READ(num_units)
  TENON_READ(forget_bias)
  TENON_READ(state_is_tuple)
  TENON_READ(use_peepholes)
  TENON_READ(cell_clip)
  TENON_READ(initializer)
  TENON_READ(num_proj)
  TENON_READ(proj_clip)
  TENON_READ(input_keep_prob)
  TENON_READ(output_keep_prob)
#undef TENON_READ
  if constexpr (requires { options.activity_regularizer; }) {
    if (step.contains("activity_regularizer")) {
      read(program, step["activity_regularizer"], options.activity_regularizer, 0);
    }
  }
  return options;
}

}  // namespace replay
