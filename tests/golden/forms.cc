#include "tests/golden/forms.h"

namespace replay {

namespace {

using tenon::Initializer;
using tenon::Input;
using tenon::Output;
using tenon::Shape;
using tenon::Variable;

// Options of initializers; what a form leaves out keeps its default.
template <typename Options>
void read(const Json& form, const char* name, double Options::*to, Options& options) {
  if (form.contains(name)) options.*to = number(form[name]);
}

template <typename Options>
void read_seed(const Json& form, Options& options) {
  if (form.contains("seed") && !form["seed"].is_null()) {
    options.seed = integer_from(form["seed"]);
  }
}

template <typename Options>
Options with_dtype(const Json& form) {
  Options options;
  if (form.contains("dtype")) options.dtype = dtype_from(form["dtype"]);
  return options;
}

template <typename Options, Initializer (*make)(const Options&)>
Initializer filled(const Json& form) {
  return make(with_dtype<Options>(form));
}

template <typename Options, Initializer (*make)(const Options&)>
Initializer seeded(const Json& form) {
  auto options = with_dtype<Options>(form);
  read_seed(form, options);
  return make(options);
}

template <typename Options, Initializer (*make)(const Options&)>
Initializer normal(const Json& form) {
  auto options = with_dtype<Options>(form);
  read(form, "mean", &Options::mean, options);
  read(form, "stddev", &Options::stddev, options);
  read_seed(form, options);
  return make(options);
}

Initializer constant(const Json& form) {
  auto options = with_dtype<tenon::ConstantInitializerOptions>(form);
  options.verify_shape = form.value("verify_shape", false);
  const Json& value = form.at("value");
  return tenon::constant_initializer(
      is_typed_literal(value) ? Input(typed_literal(value)) : Input::weak(plain_literal(value)),
      options);
}

Initializer random_uniform(const Json& form) {
  auto options = with_dtype<tenon::RandomUniformInitializerOptions>(form);
  read(form, "minval", &tenon::RandomUniformInitializerOptions::minval, options);
  if (form.contains("maxval") && !form["maxval"].is_null()) {
    options.maxval = number(form["maxval"]);
  }
  read_seed(form, options);
  return tenon::random_uniform_initializer(options);
}

Initializer uniform_unit_scaling(const Json& form) {
  auto options = with_dtype<tenon::UniformUnitScalingInitializerOptions>(form);
  read(form, "factor", &tenon::UniformUnitScalingInitializerOptions::factor, options);
  read_seed(form, options);
  return tenon::uniform_unit_scaling_initializer(options);
}

Initializer variance_scaling(const Json& form) {
  auto options = with_dtype<tenon::VarianceScalingInitializerOptions>(form);
  read(form, "scale", &tenon::VarianceScalingInitializerOptions::scale, options);
  options.mode = text(form, "mode", options.mode);
  options.distribution = text(form, "distribution", options.distribution);
  read_seed(form, options);
  return tenon::variance_scaling_initializer(options);
}

Initializer orthogonal(const Json& form) {
  auto options = with_dtype<tenon::OrthogonalInitializerOptions>(form);
  read(form, "gain", &tenon::OrthogonalInitializerOptions::gain, options);
  read_seed(form, options);
  return tenon::orthogonal_initializer(options);
}

Initializer identity(const Json& form) {
  auto options = with_dtype<tenon::IdentityInitializerOptions>(form);
  read(form, "gain", &tenon::IdentityInitializerOptions::gain, options);
  return tenon::identity_initializer(options);
}

// A user's function of shape and dtype.
Initializer fill_function(const Json& form) {
  const tenon::Tensor value = plain_literal(form.at("value"));
  return [value](const Shape& shape, tenon::DType dtype) -> Input {
    return tenon::cast(tenon::fill(shape, Input::weak(value)), dtype);
  };
}

// A user's function of the shape: a wave over the elements, in double.
Initializer wave(const Json& form) {
  const double amplitude = form.value("amplitude", 1.0);
  return [wave = form.at("wave"), amplitude](const Shape& shape, tenon::DType dtype) -> Input {
    const tenon::Tensor values =
        typed_literal({{"wave", wave}, {"shape", shape_answer(shape)}, {"dtype", "float64"}});
    std::vector<double> scaled = as_doubles(values);
    for (double& value : scaled) value *= amplitude;
    return converted(tenon::Tensor::from<double>(scaled, shape), dtype);
  };
}

// What C++ doesn't let a program write: it fails where it would be called.
Initializer not_an_initializer(const Json&) {
  return [](const Shape&, tenon::DType) -> Input {
    throw Mistake{"bad_initializer", "ValueError", "the initializer is no function of a shape"};
  };
}

const std::map<std::string, Initializer (*)(const Json&)> kInitializers = {
    {"zeros", filled<tenon::ZerosInitializerOptions, tenon::zeros_initializer>},
    {"ones", filled<tenon::OnesInitializerOptions, tenon::ones_initializer>},
    {"constant", constant},
    {"random_uniform", random_uniform},
    {"random_normal",
     normal<tenon::RandomNormalInitializerOptions, tenon::random_normal_initializer>},
    {"truncated_normal",
     normal<tenon::TruncatedNormalInitializerOptions, tenon::truncated_normal_initializer>},
    {"uniform_unit_scaling", uniform_unit_scaling},
    {"orthogonal", orthogonal},
    {"identity", identity},
    {"variance_scaling", variance_scaling},
    {"glorot_uniform", seeded<tenon::SeededInitializerOptions, tenon::glorot_uniform_initializer>},
    {"glorot_normal", seeded<tenon::SeededInitializerOptions, tenon::glorot_normal_initializer>},
    {"lecun_uniform", seeded<tenon::SeededInitializerOptions, tenon::lecun_uniform_initializer>},
    {"lecun_normal", seeded<tenon::SeededInitializerOptions, tenon::lecun_normal_initializer>},
    {"he_uniform", seeded<tenon::SeededInitializerOptions, tenon::he_uniform_initializer>},
    {"he_normal", seeded<tenon::SeededInitializerOptions, tenon::he_normal_initializer>},
    {"fill_function", fill_function},
    {"wave", wave},
    {"needs_argument", not_an_initializer},
};

// Returns the value as a constant, or the tensor that it refers to.
Initializer thunk(Program& program, const Json& value) {
  const Input inner = program.input(value);
  return Initializer(
      [inner]() -> Input { return inner.is_output() ? inner : Input(tenon::constant(inner)); });
}

Output sum_loss(double scale, const Variable& variable) {
  if (!tenon::is_floating(variable.dtype())) return {};
  const Output value = variable;
  auto scope = tenon::name_scope("sum_regularizer");
  return tenon::multiply(tenon::constant(scale, {.dtype = value.dtype(), .name = "scale"}),
                         tenon::reduce_sum(value), {.name = scope.name()});
}

}  // namespace

Initializer initializer_from(Program& program, const Json& form) {
  if (form.is_null()) return {};
  if (!form.is_object() || form.contains("ref") || is_typed_literal(form)) {
    return program.input(form);
  }
  if (form.contains("thunk")) return thunk(program, form["thunk"]);
  if (!form.contains("init")) return not_an_initializer(form);
  return chosen(kInitializers, form["init"].get<std::string>())(form);
}

tenon::InitialValue initial_value_from(Program& program, const Json& form) {
  if (form.is_null()) return {};
  if (!form.is_object() || !form.contains("thunk")) return program.input(form);
  const Input inner = program.input(form["thunk"]);
  return tenon::InitialValue(
      [inner]() -> Input { return inner.is_output() ? inner : Input(tenon::constant(inner)); });
}

tenon::Regularizer regularizer_from(const Json& form) {
  if (form.is_null()) return {};
  const auto kind = form.at("reg").get<std::string>();
  const double scale = form.value("scale", 1.0);
  if (kind == "none") return tenon::no_regularizer;
  if (kind == "l1") return tenon::l1_regularizer(scale);
  if (kind == "l2") return tenon::l2_regularizer(scale);
  return [scale](const Variable& variable) { return sum_loss(scale, variable); };
}

tenon::Constraint constraint_from(const Json& form) {
  if (form.is_null()) return {};
  if (!form.is_object()) {
    throw Mistake{"bad_constraint", "ValueError", "a constraint is a function"};
  }
  const auto kind = form.at("constraint").get<std::string>();
  if (kind == "non_negative") return [](const Output& value) { return tenon::nn::relu(value); };
  if (kind == "zero") return [](const Output& value) { return 0.0 * value; };
  const double low = form.value("min", -1.0), high = form.value("max", 1.0);
  return [low, high](const Output& value) { return tenon::clip_by_value(value, low, high); };
}

tenon::Partitioner partitioner_from(const Json& form) {
  if (form.is_null()) return {};
  const auto kind = form.at("partitioner").get<std::string>();
  const int axis = integer_or(form, "axis", 0);
  if (kind == "list") {
    return [parts = integers_from(form.at("parts"))](const Shape&, tenon::DType) { return parts; };
  }
  if (kind == "fixed_size") {
    return tenon::fixed_size_partitioner(integer_from(form.at("num_shards")), axis);
  }
  if (kind == "variable_axis_size") {
    tenon::VariableAxisSizePartitionerOptions options;
    options.max_shard_bytes = integer_from(form.at("max_shard_bytes"));
    options.axis = axis;
    options.max_shards = integer_or(form, "max_shards", options.max_shards);
    return tenon::variable_axis_size_partitioner(options);
  }
  tenon::MinMaxVariablePartitionerOptions options;
  options.max_partitions = integer_or(form, "max_partitions", options.max_partitions);
  options.axis = axis;
  options.min_slice_size = integer_or(form, "min_slice_size", options.min_slice_size);
  return tenon::min_max_variable_partitioner(options);
}

}  // namespace replay
