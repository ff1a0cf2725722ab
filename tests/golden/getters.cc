// Custom getters, and the arguments of scopes and variables.
#include "tests/golden/forms.h"

namespace replay {

namespace {

using tenon::Getter;
using tenon::GetVariableOptions;
using tenon::Output;
using tenon::Variable;

Json reuse_answer(const std::optional<tenon::Reuse>& reuse) {
  if (reuse && reuse->is_auto()) return "AUTO_REUSE";
  return reuse && reuse->is_true();
}

// Puts text before the last part of a name.
std::string with_prefix(const std::string& name, const std::string& text) {
  const size_t tail = name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1;
  return name.substr(0, tail) + text + name.substr(tail);
}

// The sum or the product of two variables below the name.
Variable of_two(const std::string& kind, const Getter& getter, const std::string& name,
                const GetVariableOptions& options) {
  const Variable first = getter(name + "/" + kind + "_0", options);
  const Variable second = getter(name + "/" + kind + "_1", options);
  if (first.is_partitioned()) {  // Python has no operators on these; C++ reads their values
    throw Mistake{"dtype_incompatible", "TypeError", "unsupported operands: " + first.name()};
  }
  auto scope = tenon::name_scope(kind + "_getter");
  return Variable::from_tensor(kind == "sum" ? first + second : first * second);
}

Variable scaled(const Json& factor, const Variable& variable) {
  return Variable::from_tensor(
      tenon::multiply(variable, tenon::Input::weak(plain_literal(factor)), {.name = "scaled"}));
}

Variable get(Program& program, const Json& form, const Getter& getter, const std::string& name,
             GetVariableOptions options) {
  const auto kind = form.at("getter").get<std::string>();
  if (kind == "prefix") return getter(with_prefix(name, form.at("text")), options);
  if (kind == "suffix") return getter(name + form.at("text").get<std::string>(), options);
  if (kind == "sum" || kind == "prod") return of_two(kind, getter, name, options);
  if (kind == "scale") return scaled(form.at("factor"), getter(name, options));
  if (kind == "identity") {
    const bool reused = options.reuse && static_cast<bool>(*options.reuse);
    return Variable::from_tensor(
        tenon::identity(getter(name, options), {.name = reused ? "reused" : "not_reused"}));
  }
  if (kind == "zeros") options.initializer = tenon::zeros_initializer();
  if (kind == "not_trainable") options.trainable = false;
  if (kind == "log") {
    program.log.push_back(Json::array({form.at("tag"), name, reuse_answer(options.reuse)}));
  }
  return getter(name, options);
}

template <typename T>
void read(const Json& step, const char* name, T& to) {
  if (!field(step, name).is_null()) to = step[name].get<T>();
}

template <typename T>
void read(const Json& step, const char* name, std::optional<T>& to) {
  if (!field(step, name).is_null()) to = step[name].get<T>();
}

void read_dtype(const Json& step, std::optional<tenon::DType>& to) {
  if (!field(step, "dtype").is_null()) to = dtype_from(step["dtype"]);
}

void read_collections(const Json& step, tenon::CollectionKeys& to) {
  if (!field(step, "collections").is_null()) {
    to = tenon::CollectionKeys(step["collections"].get<std::vector<std::string>>());
  }
}

void read_caching_device(const Json& step, tenon::CachingDevice& to) {
  if (!field(step, "caching_device").is_null()) to = step["caching_device"].get<std::string>();
}

template <typename Options>
void read_replicas(const Json& step, Options& options) {
  static const std::map<std::string, tenon::VariableSynchronization> kSynchronization = {
      {"AUTO", tenon::VariableSynchronization::AUTO},
      {"NONE", tenon::VariableSynchronization::NONE},
      {"ON_WRITE", tenon::VariableSynchronization::ON_WRITE},
      {"ON_READ", tenon::VariableSynchronization::ON_READ},
  };
  static const std::map<std::string, tenon::VariableAggregation> kAggregation = {
      {"NONE", tenon::VariableAggregation::NONE},
      {"SUM", tenon::VariableAggregation::SUM},
      {"MEAN", tenon::VariableAggregation::MEAN},
      {"ONLY_FIRST_REPLICA", tenon::VariableAggregation::ONLY_FIRST_REPLICA},
  };
  options.synchronization = chosen(kSynchronization, text(step, "synchronization", "AUTO"));
  options.aggregation = chosen(kAggregation, text(step, "aggregation", "NONE"));
}

}  // namespace

tenon::CustomGetter getter_from(Program& program, const Json& form) {
  if (form.is_null()) return {};
  if (!form.is_object()) {
    throw Mistake{"bad_getter", "ValueError", "a custom_getter is a function"};
  }
  return [&program, form](const Getter& getter, const std::string& name,
                          const GetVariableOptions& options) {
    return get(program, form, getter, name, options);
  };
}

GetVariableOptions get_variable_options(Program& program, const Json& step) {
  GetVariableOptions options;
  options.shape = shape_from(field(step, "shape"));
  read_dtype(step, options.dtype);
  options.initializer = initializer_from(program, field(step, "initializer"));
  options.regularizer = regularizer_from(field(step, "regularizer"));
  read(step, "trainable", options.trainable);
  read_collections(step, options.collections);
  read_caching_device(step, options.caching_device);
  options.partitioner = partitioner_from(field(step, "partitioner"));
  read(step, "validate_shape", options.validate_shape);
  read(step, "use_resource", options.use_resource);
  options.custom_getter = getter_from(program, field(step, "custom_getter"));
  options.constraint = constraint_from(field(step, "constraint"));
  read_replicas(step, options);
  return options;
}

tenon::VariableOptions variable_options(const Json& step) {
  tenon::VariableOptions options;
  options.name = text(step, "name");
  read(step, "trainable", options.trainable);
  read_collections(step, options.collections);
  read(step, "validate_shape", options.validate_shape);
  read_caching_device(step, options.caching_device);
  read_dtype(step, options.dtype);
  if (!field(step, "expected_shape").is_null()) {
    options.expected_shape = shape_from(step["expected_shape"]);
  }
  if (!field(step, "shape").is_null()) options.shape = shape_from(step["shape"]);
  read(step, "use_resource", options.use_resource);
  options.constraint = constraint_from(field(step, "constraint"));
  read_replicas(step, options);
  return options;
}

tenon::VariableScopeOptions scope_options(Program& program, const Json& step) {
  tenon::VariableScopeOptions options;
  read(step, "default_name", options.default_name);
  options.initializer = initializer_from(program, field(step, "initializer"));
  options.regularizer = regularizer_from(field(step, "regularizer"));
  read_caching_device(step, options.caching_device);
  options.partitioner = partitioner_from(field(step, "partitioner"));
  options.custom_getter = getter_from(program, field(step, "custom_getter"));
  read_dtype(step, options.dtype);
  read(step, "use_resource", options.use_resource);
  options.constraint = constraint_from(field(step, "constraint"));
  return options;
}

}  // namespace replay
