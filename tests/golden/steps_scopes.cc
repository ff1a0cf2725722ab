// Steps of variable scopes.
#include "tests/golden/forms.h"

namespace replay {

namespace {

using tenon::VariableScope;

// TensorFlow's order of checks: a name, then reuse, then auxiliary_name_scope.
void read_flags(const Json& step, tenon::VariableScopeOptions& options) {
  if (field(step, "name").is_null() && !options.default_name) return;  // no_name comes first
  const Json& reuse = field(step, "reuse");
  if (reuse.is_boolean()) {
    options.reuse = reuse.get<bool>();
  } else if (reuse == "AUTO_REUSE") {
    options.reuse = tenon::AUTO_REUSE;
  } else if (!reuse.is_null()) {
    throw Mistake{"bad_reuse", "ValueError", "reuse is true, false, AUTO_REUSE or nothing"};
  }
  const Json& auxiliary = field(step, "auxiliary_name_scope");
  if (step.contains("auxiliary_name_scope") && !auxiliary.is_boolean()) {
    throw Mistake{"bad_auxiliary_name_scope", "TypeError",
                  "auxiliary_name_scope is true or false, not " + auxiliary.dump()};
  }
  if (auxiliary.is_boolean()) options.auxiliary_name_scope = auxiliary.get<bool>();
}

Result enter_variable_scope(Program& program, const Json& step) {
  tenon::VariableScopeOptions options = scope_options(program, step);
  const Thing name = program.thing(field(step, "name"));
  read_flags(step, options);
  std::pair<tenon::Context, VariableScope> entered;
  if (const auto* scope = std::get_if<VariableScope>(&name)) {
    entered = tenon::enter_variable_scope(*scope, options);
  } else if (const auto* text = std::get_if<Json>(&name)) {
    entered = tenon::enter_variable_scope(text->get<std::string>(), options);
  } else {
    entered = tenon::enter_variable_scope(std::nullopt, options);
  }
  program.contexts.emplace_back("variable_scope", std::move(entered.first));
  return described(entered.second);
}

Result get_variable_scope(Program&, const Json&) { return described(tenon::get_variable_scope()); }

Result describe_thing(Program& program, const Json& step) {
  return described(program.thing(step.at("of")));
}

Result reuse_variables(Program& program, const Json& step) {
  const VariableScope scope = program.scope(step);
  scope.reuse_variables();
  return described(scope);
}

Result set_scope(Program& program, const Json& step) {
  const VariableScope scope = program.scope(step);
  const auto name = step.at("field").get<std::string>();
  const Json& value = field(step, "value");
  if (name == "initializer") {
    scope.set_initializer(initializer_from(program, value));
  } else if (name == "regularizer") {
    scope.set_regularizer(regularizer_from(value));
  } else if (name == "caching_device") {
    scope.set_caching_device(value.is_null() ? tenon::CachingDevice()
                                             : tenon::CachingDevice(value.get<std::string>()));
  } else if (name == "partitioner") {
    scope.set_partitioner(partitioner_from(value));
  } else if (name == "custom_getter") {
    scope.set_custom_getter(getter_from(program, value));
  } else if (name == "dtype") {
    scope.set_dtype(dtype_from(value));
  } else {
    scope.set_use_resource(value.is_null() ? std::nullopt : std::optional<bool>(value.get<bool>()));
  }
  return described(scope);
}

Result read_log(Program& program, const Json&) {
  Json entries = std::exchange(program.log, Json::array());
  return {None{}, {{"value", std::move(entries)}}};
}

}  // namespace

const StepTable& scope_steps() {
  static const StepTable steps = {
      {"enter_variable_scope", enter_variable_scope},
      {"get_variable_scope", get_variable_scope},
      {"describe", describe_thing},
      {"reuse_variables", reuse_variables},
      {"set_scope", set_scope},
      {"read_log", read_log},
  };
  return steps;
}

}  // namespace replay
