// Steps that open contexts, and exit. Variable scopes are in steps_scopes.cc.
#include "tests/golden/program.h"

namespace replay {

namespace {

using tenon::Context;

void open(Program& program, const char* kind, Context context) {
  program.contexts.emplace_back(kind, std::move(context));
}

// The name that a name_scope step gives: nullopt where it gives None.
std::optional<std::string> name_of_scope(Program& program, const Json& name) {
  const Thing thing = program.thing(name);
  if (const auto* scope = std::get_if<tenon::VariableScope>(&thing)) {
    return scope->original_name_scope();
  }
  if (const auto* text = std::get_if<Json>(&thing); text != nullptr && text->is_string()) {
    return text->get<std::string>();
  }
  return std::nullopt;
}

Result enter_name_scope(Program& program, const Json& step) {
  std::optional<std::string> name = name_of_scope(program, field(step, "name"));
  if (!name) name = name_of_scope(program, field(step, "default_name"));
  if (!name && !field(step, "values").is_null()) {
    throw Mistake{"no_name", "ValueError",
                  "At least one of name and default_name must be given to name_scope."};
  }
  auto [context, opened] = tenon::enter_name_scope(name.value_or(""));
  open(program, "name_scope", std::move(context));
  return {Json(opened), {{"name_scope", opened}}};
}

tenon::DeviceSpec device_spec(const Json& parts) {
  tenon::DeviceSpec spec;
  if (parts.contains("job")) spec.job = parts["job"].get<std::string>();
  if (parts.contains("replica")) spec.replica = count_from(parts["replica"]);
  if (parts.contains("task")) spec.task = count_from(parts["task"]);
  if (parts.contains("device_type")) spec.device_type = parts["device_type"].get<std::string>();
  if (parts.contains("device_index")) spec.device_index = count_from(parts["device_index"]);
  return spec;
}

tenon::train::ReplicaDeviceSetterOptions setter_options(const Json& step) {
  tenon::train::ReplicaDeviceSetterOptions options;
  if (step.contains("ps_tasks")) options.ps_tasks = count_from(step["ps_tasks"]);
  if (step.contains("ps_device")) options.ps_device = step["ps_device"].get<std::string>();
  if (step.contains("worker_device")) {
    options.worker_device = step["worker_device"].get<std::string>();
  }
  if (step.contains("merge_devices")) options.merge_devices = step["merge_devices"].get<bool>();
  if (step.contains("cluster")) {
    for (const auto& [job, addresses] : step["cluster"].items()) {
      options.cluster[job] = addresses.get<std::vector<std::string>>();
    }
  }
  return options;
}

Result enter_device(Program& program, const Json& step) {
  Context context;
  if (step.contains("replica_device_setter")) {
    context = tenon::enter_device(
        tenon::train::replica_device_setter(setter_options(step["replica_device_setter"])));
  } else if (step.contains("spec")) {
    context = tenon::enter_device(device_spec(step["spec"]).to_string());
  } else if (field(step, "device").is_null()) {
    context = tenon::enter_device(nullptr);
  } else {
    context = tenon::enter_device(step["device"].get<std::string>());
  }
  open(program, "device", std::move(context));
  return {None{}, Json::object()};
}

Result enter_control_dependencies(Program& program, const Json& step) {
  if (field(step, "inputs").is_null()) {
    open(program, "control_dependencies", tenon::enter_control_dependencies(nullptr));
    return {None{}, Json::object()};
  }
  std::vector<tenon::ControlInput> inputs;
  for (const Json& input : step["inputs"]) inputs.emplace_back(program.operation(input));
  open(program, "control_dependencies", tenon::enter_control_dependencies(inputs));
  return {None{}, Json::object()};
}

Result enter_colocate_with(Program& program, const Json& step) {
  open(program, "colocate_with",
       tenon::enter_colocate_with(program.operation(step.at("op")),
                                  step.value("ignore_existing", false)));
  return {None{}, Json::object()};
}

Result leave(Program& program, const Json&) {
  if (program.contexts.empty()) {
    throw Mistake{"nothing_to_exit", "NothingToExit", "no context is open"};
  }
  auto [kind, context] = std::move(program.contexts.back());
  program.contexts.pop_back();
  context.exit();
  return {None{}, {{"exited", kind}}};
}

Result get_name_scope(Program& program, const Json&) {
  return {None{}, {{"value", program.graph.name_scope()}}};
}

Result unique_name(Program& program, const Json& step) {
  return {
      None{},
      {{"value", program.graph.unique_name(text(step, "name"), step.value("mark_as_used", true))}}};
}

}  // namespace

const StepTable& context_steps() {
  static const StepTable steps = {
      {"enter_name_scope", enter_name_scope},
      {"enter_device", enter_device},
      {"enter_control_dependencies", enter_control_dependencies},
      {"enter_colocate_with", enter_colocate_with},
      {"exit", leave},
      {"get_name_scope", get_name_scope},
      {"unique_name", unique_name},
  };
  return steps;
}

}  // namespace replay
