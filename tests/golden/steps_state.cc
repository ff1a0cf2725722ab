// Steps that call the free functions on variables (tf.assign, tf.scatter_*, initializers), and
// those that assign to their slices.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

using tenon::Input;
using tenon::Output;
using tenon::Ref;
using tenon::UpdateOptions;
using tenon::Variable;

UpdateOptions update_options(const Json& step, bool use_locking) {
  return {.use_locking = step.value("use_locking", use_locking), .name = text(step, "name")};
}

Output assign(const Ref& ref, const std::vector<Input>& arguments, const Json& step) {
  return tenon::assign(ref, item_at(arguments, 0),
                       {.validate_shape = step.value("validate_shape", true),
                        .use_locking = step.value("use_locking", true),
                        .name = text(step, "name")});
}

using Update = Output (*)(const Ref&, const Input&, const UpdateOptions&, tenon::Location);
template <Update update>
Output updated(const Ref& ref, const std::vector<Input>& arguments, const Json& step) {
  return update(ref, item_at(arguments, 0), update_options(step, false),
                tenon::Location::current());
}

using Scatter = Output (*)(const Ref&, const Input&, const Input&, const UpdateOptions&,
                           tenon::Location);
template <Scatter scatter, bool kLocking = false>
Output scattered(const Ref& ref, const std::vector<Input>& arguments, const Json& step) {
  return scatter(ref, item_at(arguments, 0), item_at(arguments, 1), update_options(step, kLocking),
                 tenon::Location::current());
}

using Function = Output (*)(const Ref&, const std::vector<Input>&, const Json&);
const std::map<std::string, Function> kFunctions = {
    {"assign", assign},
    {"assign_add", updated<tenon::assign_add>},
    {"assign_sub", updated<tenon::assign_sub>},
    {"scatter_update", scattered<tenon::scatter_update, true>},
    {"scatter_add", scattered<tenon::scatter_add>},
    {"scatter_sub", scattered<tenon::scatter_sub>},
    {"scatter_mul", scattered<tenon::scatter_mul>},
    {"scatter_div", scattered<tenon::scatter_div>},
    {"scatter_min", scattered<tenon::scatter_min>},
    {"scatter_max", scattered<tenon::scatter_max>},
    {"scatter_nd_update", scattered<tenon::scatter_nd_update, true>},
    {"scatter_nd_add", scattered<tenon::scatter_nd_add>},
    {"scatter_nd_sub", scattered<tenon::scatter_nd_sub>},
};

tenon::DType dtype_behind(const Ref& ref) {
  return ref.is_variable() ? ref.variable().dtype() : ref.output().dtype();
}

// A NumPy array takes the dtype of the variable that it is assigned to.
Input assigned_input(Program& program, const Json& value, tenon::DType dtype) {
  if (is_typed_literal(value)) return converted(typed_literal(value), dtype);
  return program.input(value);
}

Result state_function(Program& program, const Json& step) {
  const auto found = kFunctions.find(step.at("function").get<std::string>());
  if (found == kFunctions.end()) throw BadReference{};
  const Json given = step.value("args", Json::array());
  const Ref ref = program.refs(Json::array({step.at("of")})).front();
  std::vector<Input> arguments = program.inputs(given);
  const size_t value = found->first.starts_with("scatter") ? 1 : 0;
  const Json& assigned = item_at(given, value);
  arguments[value] = assigned_input(program, assigned, dtype_behind(ref));
  return described(found->second(ref, arguments, step));
}

Result slice_assign(Program& program, const Json& step) {
  const Variable variable = program.variable(step.at("of"));
  const std::vector<tenon::Index> index = index_of(program, step.at("index"));
  return described(
      variable[index].assign(assigned_input(program, step.at("value"), variable.dtype())));
}

std::vector<Variable> variables_among(Program& program, const Json& references) {
  std::vector<Variable> variables;
  for (const Json& reference : references) variables.push_back(program.variable(reference));
  return variables;
}

Result is_variable_initialized(Program& program, const Json& step) {
  return described(tenon::is_variable_initialized(program.variable(step.at("of"))));
}

Result assert_variables_initialized(Program& program, const Json& step) {
  const Json& references = field(step, "variables");
  const Output ranks =
      references.is_null()
          ? tenon::assert_variables_initialized()
          : tenon::assert_variables_initialized(variables_among(program, references));
  return described(ranks ? Thing(ranks.op()) : Thing(None{}));
}

// The initializers' names of today and of TensorFlow 0.12.
Result initializer_function(Program& program, const Json& step) {
  const auto function = step.at("function").get<std::string>();
  const Json arguments = step.value("args", Json::array());
  if (function == "initialize_all_variables" || function == "global_variables_initializer") {
    return described(tenon::global_variables_initializer());
  }
  if (function == "initialize_local_variables" || function == "local_variables_initializer") {
    return described(tenon::local_variables_initializer());
  }
  return described(tenon::variables_initializer(variables_among(program, arguments.at(0))));
}

}  // namespace

const StepTable& state_steps() {
  static const StepTable steps = {
      {"state_function", state_function},
      {"slice_assign", slice_assign},
      {"is_variable_initialized", is_variable_initialized},
      {"assert_variables_initialized", assert_variables_initialized},
      {"initializer_function", initializer_function},
  };
  return steps;
}

}  // namespace replay
