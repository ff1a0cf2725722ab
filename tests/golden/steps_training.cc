// Steps of optimizers and the global step.
#include "tests/golden/program.h"

namespace replay {

namespace {

namespace train = tenon::train;
using tenon::Output;
using tenon::Variable;

using OptimizerPtr = std::shared_ptr<train::Optimizer>;

tenon::Input argument(Program& program, const Json& step, const char* name,
                      const tenon::Input& otherwise) {
  return step.contains(name) ? program.input(step[name]) : otherwise;
}

OptimizerPtr gradient_descent(Program& program, const Json& step) {
  return std::make_shared<train::GradientDescentOptimizer>(
      train::GradientDescentOptions{.learning_rate = program.input(step.at("learning_rate")),
                                    .name = text(step, "name", "GradientDescent")});
}

OptimizerPtr momentum(Program& program, const Json& step) {
  return std::make_shared<train::MomentumOptimizer>(
      train::MomentumOptions{.learning_rate = program.input(step.at("learning_rate")),
                             .momentum = program.input(step.at("momentum")),
                             .name = text(step, "name", "Momentum"),
                             .use_nesterov = step.value("use_nesterov", false)});
}

OptimizerPtr adam(Program& program, const Json& step) {
  train::AdamOptions options;
  options.learning_rate = argument(program, step, "learning_rate", options.learning_rate);
  options.beta1 = argument(program, step, "beta1", options.beta1);
  options.beta2 = argument(program, step, "beta2", options.beta2);
  options.epsilon = argument(program, step, "epsilon", options.epsilon);
  options.name = text(step, "name", options.name);
  return std::make_shared<train::AdamOptimizer>(options);
}

OptimizerPtr adagrad(Program& program, const Json& step) {
  train::AdagradOptions options{.learning_rate = program.input(step.at("learning_rate"))};
  options.initial_accumulator_value =
      step.value("initial_accumulator_value", options.initial_accumulator_value);
  options.name = text(step, "name", options.name);
  return std::make_shared<train::AdagradOptimizer>(options);
}

OptimizerPtr adadelta(Program& program, const Json& step) {
  train::AdadeltaOptions options;
  options.learning_rate = argument(program, step, "learning_rate", options.learning_rate);
  options.rho = argument(program, step, "rho", options.rho);
  options.epsilon = argument(program, step, "epsilon", options.epsilon);
  options.name = text(step, "name", options.name);
  return std::make_shared<train::AdadeltaOptimizer>(options);
}

OptimizerPtr rms_prop(Program& program, const Json& step) {
  train::RMSPropOptions options{.learning_rate = program.input(step.at("learning_rate"))};
  options.decay = argument(program, step, "decay", options.decay);
  options.momentum = argument(program, step, "momentum", options.momentum);
  options.epsilon = argument(program, step, "epsilon", options.epsilon);
  options.centered = step.value("centered", false);
  options.name = text(step, "name", options.name);
  return std::make_shared<train::RMSPropOptimizer>(options);
}

OptimizerPtr ftrl(Program& program, const Json& step) {
  train::FtrlOptions options{.learning_rate = program.input(step.at("learning_rate"))};
  for (const auto& [name, member] :
       {std::pair("learning_rate_power", &train::FtrlOptions::learning_rate_power),
        std::pair("initial_accumulator_value", &train::FtrlOptions::initial_accumulator_value),
        std::pair("l1_regularization_strength", &train::FtrlOptions::l1_regularization_strength),
        std::pair("l2_regularization_strength", &train::FtrlOptions::l2_regularization_strength),
        std::pair("l2_shrinkage_regularization_strength",
                  &train::FtrlOptions::l2_shrinkage_regularization_strength)}) {
    options.*member = step.value(name, options.*member);
  }
  options.name = text(step, "name", options.name);
  return std::make_shared<train::FtrlOptimizer>(options);
}

OptimizerPtr adagrad_da(Program& program, const Json& step) {
  train::AdagradDAOptions options{.learning_rate = program.input(step.at("learning_rate")),
                                  .global_step = program.input(step.at("global_step"))};
  options.initial_gradient_squared_accumulator_value =
      step.value("initial_gradient_squared_accumulator_value",
                 options.initial_gradient_squared_accumulator_value);
  options.l1_regularization_strength = step.value("l1_regularization_strength", 0.0);
  options.l2_regularization_strength = step.value("l2_regularization_strength", 0.0);
  options.name = text(step, "name", options.name);
  return std::make_shared<train::AdagradDAOptimizer>(options);
}

OptimizerPtr proximal_gradient_descent(Program& program, const Json& step) {
  return std::make_shared<train::ProximalGradientDescentOptimizer>(
      train::ProximalGradientDescentOptions{
          .learning_rate = program.input(step.at("learning_rate")),
          .l1_regularization_strength = argument(program, step, "l1_regularization_strength", 0.0),
          .l2_regularization_strength = argument(program, step, "l2_regularization_strength", 0.0),
          .name = text(step, "name", "ProximalGradientDescent")});
}

OptimizerPtr proximal_adagrad(Program& program, const Json& step) {
  train::ProximalAdagradOptions options{.learning_rate = program.input(step.at("learning_rate"))};
  options.initial_accumulator_value =
      step.value("initial_accumulator_value", options.initial_accumulator_value);
  options.l1_regularization_strength =
      argument(program, step, "l1_regularization_strength", options.l1_regularization_strength);
  options.l2_regularization_strength =
      argument(program, step, "l2_regularization_strength", options.l2_regularization_strength);
  options.name = text(step, "name", options.name);
  return std::make_shared<train::ProximalAdagradOptimizer>(options);
}

const std::map<std::string, OptimizerPtr (*)(Program&, const Json&)> kOptimizers = {
    {"GradientDescent", gradient_descent},
    {"Momentum", momentum},
    {"Adam", adam},
    {"Adagrad", adagrad},
    {"Adadelta", adadelta},
    {"RMSProp", rms_prop},
    {"Ftrl", ftrl},
    {"AdagradDA", adagrad_da},
    {"ProximalGradientDescent", proximal_gradient_descent},
    {"ProximalAdagrad", proximal_adagrad},
};

Result optimizer(Program& program, const Json& step) {
  const auto found = kOptimizers.find(text(step, "type"));
  if (found == kOptimizers.end()) {
    throw Mistake{"unknown_step", "KeyError", "there is no optimizer " + text(step, "type")};
  }
  OptimizerPtr made = found->second(program, step);
  return {made, {{"kind", "optimizer"}, {"name", made->get_name()}}};
}

OptimizerPtr optimizer_of(Program& program, const Json& step) {
  const Thing found = program.thing(step.at("optimizer"));
  if (const auto* made = std::get_if<OptimizerPtr>(&found)) return *made;
  throw BadReference{};
}

train::VarList var_list(Program& program, const Json& step) {
  const Json& given = field(step, "var_list");
  if (given.is_null()) return {};
  std::vector<Variable> variables;
  for (const Json& item : given) variables.push_back(program.variable(item));
  return variables;
}

Variable global_step(Program& program, const Json& step) {
  const Json& given = field(step, "global_step");
  return given.is_null() ? Variable() : program.variable(given);
}

// How the gradients are to be computed, of minimize and of compute_gradients.
template <typename Options>
void read_gradient_options(Program& program, const Json& step, Options& options) {
  options.var_list = var_list(program, step);
  const Json gating = step.value("gate_gradients", Json(1));
  if (!gating.is_number_integer()) {
    throw Mistake{"bad_argument", "ValueError", "gate_gradients is no GateGradients"};
  }
  options.gate_gradients = static_cast<train::GateGradients>(count_from(gating));
  options.aggregation_method =
      static_cast<tenon::AggregationMethod>(integer_or(step, "aggregation_method", 0));
  options.colocate_gradients_with_ops = step.value("colocate_gradients_with_ops", false);
  if (!field(step, "grad_loss").is_null()) options.grad_loss = program.input(step["grad_loss"]);
}

Result minimize(Program& program, const Json& step) {
  const OptimizerPtr made = optimizer_of(program, step);
  train::MinimizeOptions options;
  read_gradient_options(program, step, options);
  options.global_step = global_step(program, step);
  options.name = text(step, "name");
  if (step.at("loss").is_null()) {
    throw Mistake{"dtype_incompatible", "AttributeError", "None has no attribute dtype"};
  }
  return {made->minimize(program.output(step.at("loss")), options), {{"kind", "train_op"}}};
}

Result compute_gradients(Program& program, const Json& step) {
  const OptimizerPtr made = optimizer_of(program, step);
  auto gradients = std::make_shared<List>();
  Json pairs = Json::array();
  train::ComputeGradientsOptions options;
  read_gradient_options(program, step, options);
  for (const auto& [gradient, variable] :
       made->compute_gradients(program.output(step.at("loss")), options)) {
    gradients->items.push_back(gradient_thing(gradient));
    pairs.push_back({{"grad", describe(gradients->items.back())}, {"var", variable.name()}});
  }
  return {gradients, {{"pairs", pairs}}};
}

Result apply_gradients(Program& program, const Json& step) {
  const OptimizerPtr made = optimizer_of(program, step);
  train::GradientsAndVariables pairs;
  for (const Json& pair : step.at("pairs")) {
    const Variable variable = program.variable(pair.at(1));
    pairs.push_back({program.gradient_of(variable, pair.at(0)), variable});
  }
  const tenon::Operation op = made->apply_gradients(
      pairs, {.global_step = global_step(program, step), .name = text(step, "name")});
  return {op, {{"kind", "train_op"}}};
}

Result get_slot_names(Program& program, const Json& step) {
  return {None{}, {{"value", optimizer_of(program, step)->get_slot_names()}}};
}

Result get_slot(Program& program, const Json& step) {
  return described(
      optimizer_of(program, step)->get_slot(program.variable(step.at("var")), text(step, "slot")));
}

Result optimizer_variables(Program& program, const Json& step) {
  auto variables = list_of(optimizer_of(program, step)->variables());
  return {variables, items_answer(variables->items)};
}

Result create_global_step(Program&, const Json&) { return described(train::create_global_step()); }

// One that is found by its name alone is a tensor in Python.
Result get_global_step(Program&, const Json&) {
  const Variable found = train::get_global_step();
  const bool is_listed = !tenon::get_collection<Variable>(tenon::GraphKeys::GLOBAL_STEP).empty();
  return found && !is_listed ? described(Thing(found.value())) : described(found);
}

Result get_or_create_global_step(Program&, const Json&) {
  return described(train::get_or_create_global_step());
}

}  // namespace

const StepTable& training_steps() {
  static const StepTable steps = {
      {"optimizer", optimizer},
      {"minimize", minimize},
      {"compute_gradients", compute_gradients},
      {"apply_gradients", apply_gradients},
      {"get_slot_names", get_slot_names},
      {"get_slot", get_slot},
      {"optimizer_variables", optimizer_variables},
      {"create_global_step", create_global_step},
      {"get_global_step", get_global_step},
      {"get_or_create_global_step", get_or_create_global_step},
  };
  return steps;
}

}  // namespace replay
