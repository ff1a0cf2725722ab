// Steps that make variables and call their methods.
#include "tests/golden/forms.h"

namespace replay {

namespace {

using tenon::Input;
using tenon::Variable;

Result get_variable(Program& program, const Json& step) {
  return described(tenon::get_variable(text(step, "name"), get_variable_options(program, step)));
}

Result get_local_variable(Program& program, const Json& step) {
  return described(
      tenon::get_local_variable(text(step, "name"), get_variable_options(program, step)));
}

Result make_variable(Program& program, const Json& step) {
  const tenon::InitialValue value = initial_value_from(program, field(step, "initial_value"));
  return described(Variable(value, variable_options(step)));
}

using Method = Thing (*)(const Variable&, const std::vector<Input>&, const tenon::OpOptions&);

Thing count_up_to(const Variable& variable, const std::vector<Input>& arguments,
                  const tenon::OpOptions& options) {
  return variable.count_up_to(item_at(arguments, 0).value().scalar<int64_t>(), options);
}

const std::map<std::string, Method> kMethods = {
    {"assign",
     [](const Variable& variable, const std::vector<Input>& arguments,
        const tenon::OpOptions& options) -> Thing {
       return variable.assign(item_at(arguments, 0), options);
     }},
    {"assign_add",
     [](const Variable& variable, const std::vector<Input>& arguments,
        const tenon::OpOptions& options) -> Thing {
       return variable.assign_add(item_at(arguments, 0), options);
     }},
    {"assign_sub",
     [](const Variable& variable, const std::vector<Input>& arguments,
        const tenon::OpOptions& options) -> Thing {
       return variable.assign_sub(item_at(arguments, 0), options);
     }},
    {"scatter_add",
     [](const Variable& variable, const std::vector<Input>& arguments,
        const tenon::OpOptions& options) -> Thing {
       return variable.scatter_add(item_at(arguments, 0), item_at(arguments, 1), options);
     }},
    {"scatter_sub",
     [](const Variable& variable, const std::vector<Input>& arguments,
        const tenon::OpOptions& options) -> Thing {
       return variable.scatter_sub(item_at(arguments, 0), item_at(arguments, 1), options);
     }},
    {"scatter_update",
     [](const Variable& variable, const std::vector<Input>& arguments,
        const tenon::OpOptions& options) -> Thing {
       return variable.scatter_update(item_at(arguments, 0), item_at(arguments, 1), options);
     }},
    {"count_up_to", count_up_to},
};

using Query = Thing (*)(const Variable&);

const std::map<std::string, Query> kQueries = {
    {"value", [](const Variable& variable) -> Thing { return variable.value(); }},
    {"read_value", [](const Variable& variable) -> Thing { return variable.read_value(); }},
    {"initialized_value",
     [](const Variable& variable) -> Thing { return variable.initialized_value(); }},
    {"is_initialized", [](const Variable& variable) -> Thing { return variable.is_initialized(); }},
    {"as_tensor", [](const Variable& variable) -> Thing { return variable.as_tensor(); }},
    {"initializer", [](const Variable& variable) -> Thing { return variable.initializer(); }},
    {"initial_value", [](const Variable& variable) -> Thing { return variable.initial_value(); }},
    {"op", [](const Variable& variable) -> Thing { return variable.op(); }},
};

Result var_op(Program& program, const Json& step) {
  const Variable variable = program.variable(step.at("of"));
  const auto method = step.at("method").get<std::string>();
  if (auto query = kQueries.find(method); query != kQueries.end()) {
    return described(query->second(variable));
  }
  const auto found = kMethods.find(method);
  if (found == kMethods.end()) throw BadReference{};
  return described(found->second(variable, program.inputs(step.value("args", Json::array())),
                                 {.name = text(step, "name")}));
}

std::vector<Variable> variables_of(Program& program, const Json& references) {
  std::vector<Variable> variables;
  for (const Json& reference : references) variables.push_back(program.variable(reference));
  return variables;
}

Result variables_initializer(Program& program, const Json& step) {
  return described(tenon::variables_initializer(variables_of(program, step.at("variables")),
                                                {.name = text(step, "name")}));
}

Result global_variables_initializer(Program&, const Json&) {
  return described(tenon::global_variables_initializer());
}

Result local_variables_initializer(Program&, const Json&) {
  return described(tenon::local_variables_initializer());
}

Result report_uninitialized_variables(Program& program, const Json& step) {
  if (field(step, "variables").is_null()) {
    return described(tenon::report_uninitialized_variables());
  }
  return described(tenon::report_uninitialized_variables(variables_of(program, step["variables"])));
}

}  // namespace

const StepTable& variable_steps() {
  static const StepTable steps = {
      {"get_variable", get_variable},
      {"get_local_variable", get_local_variable},
      {"Variable", make_variable},
      {"var_op", var_op},
      {"variables_initializer", variables_initializer},
      {"global_variables_initializer", global_variables_initializer},
      {"local_variables_initializer", local_variables_initializer},
      {"report_uninitialized_variables", report_uninitialized_variables},
  };
  return steps;
}

}  // namespace replay
