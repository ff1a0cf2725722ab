// Steps of moving averages.
#include "tests/golden/program.h"

namespace replay {

namespace {

using Averages = tenon::train::ExponentialMovingAverage;
using AveragesPtr = std::shared_ptr<Averages>;

Result ema(Program& program, const Json& step) {
  tenon::train::ExponentialMovingAverageOptions options{.decay = program.input(step.at("decay"))};
  if (!field(step, "num_updates").is_null()) {
    options.num_updates = program.input(step["num_updates"]);
  }
  options.zero_debias = step.value("zero_debias", false);
  options.name = text(step, "name", options.name);
  auto made = std::make_shared<Averages>(options);
  return {made, {{"kind", "ema"}, {"name", made->name()}}};
}

AveragesPtr averages_of(Program& program, const Json& step) {
  const Thing found = program.thing(step.at("ema"));
  if (const auto* made = std::get_if<AveragesPtr>(&found)) return *made;
  throw BadReference{};
}

tenon::Ref averaged(Program& program, const Json& step) {
  return program.refs(Json::array({step.at("var")})).front();
}

Result ema_apply(Program& program, const Json& step) {
  const AveragesPtr averages = averages_of(program, step);
  return described(field(step, "variables").is_null()
                       ? averages->apply()
                       : averages->apply(program.refs(step["variables"])));
}

Result ema_average(Program& program, const Json& step) {
  return described(averages_of(program, step)->average(averaged(program, step)));
}

Result ema_average_name(Program& program, const Json& step) {
  return {None{}, {{"value", averages_of(program, step)->average_name(averaged(program, step))}}};
}

Result ema_variables_to_restore(Program& program, const Json& step) {
  Json names = Json::object();
  for (const auto& [name, variable] : averages_of(program, step)->variables_to_restore()) {
    names[name] = variable.name();
  }
  return {None{}, {{"value", names}}};
}

}  // namespace

const StepTable& average_steps() {
  static const StepTable steps = {
      {"ema", ema},
      {"ema_apply", ema_apply},
      {"ema_average", ema_average},
      {"ema_average_name", ema_average_name},
      {"ema_variables_to_restore", ema_variables_to_restore},
  };
  return steps;
}

}  // namespace replay
