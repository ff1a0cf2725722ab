#include "tests/golden/program.h"

#include <exception>

namespace replay {

namespace {

Json error_answer(const std::string& kind, const std::string& type, const std::string& message) {
  return {{"error", {{"kind", kind}, {"type", type}, {"message", message}}}};
}

template <typename E>
bool is(const tenon::Error& error) {
  return dynamic_cast<const E*>(&error) != nullptr;
}

std::string type_of(const tenon::Error& error) {
  if (is<tenon::ValueError>(error)) return "ValueError";
  if (is<tenon::TypeError>(error)) return "TypeError";
  if (is<tenon::KeyError>(error)) return "KeyError";
  if (is<tenon::RuntimeError>(error)) return "RuntimeError";
  if (is<tenon::InvalidArgumentError>(error)) return "InvalidArgumentError";
  if (is<tenon::FailedPreconditionError>(error)) return "FailedPreconditionError";
  if (is<tenon::NotFoundError>(error)) return "NotFoundError";
  if (is<tenon::OutOfRangeError>(error)) return "OutOfRangeError";
  if (is<tenon::ResourceExhaustedError>(error)) return "ResourceExhaustedError";
  if (is<tenon::UnimplementedError>(error)) return "UnimplementedError";
  return "Error";
}

Step find_step(const std::string& name) {
  for (const StepTable* steps :
       {&context_steps(), &scope_steps(), &variable_steps(), &collection_steps(), &op_steps(),
        &sparse_steps(), &session_steps(), &default_session_steps(), &state_steps(),
        &gradient_steps(), &average_steps(), &training_steps(), &loss_steps(), &layer_steps(),
        &cell_steps(), &flow_steps()}) {
    if (auto found = steps->find(name); found != steps->end()) return found->second;
  }
  throw Mistake{"unknown_step", "KeyError", "there is no step " + name};
}

// An item of a list, by number, or of an object, by key.
Thing item_of(const Thing& thing, const Json& index) {
  const auto* list = std::get_if<std::shared_ptr<List>>(&thing);
  if (list == nullptr) throw BadReference{};
  size_t number = 0;
  if (index.is_string()) {
    const std::vector<std::string>& keys = (*list)->keys;
    while (number < keys.size() && keys[number] != index) ++number;
  } else {
    number = static_cast<size_t>(integer_from(index));
  }
  const std::vector<Thing> items = (*list)->things();
  if (number >= items.size() || std::holds_alternative<None>(items[number])) throw BadReference{};
  return items[number];
}

// A list holds a reference somewhere.
bool holds_reference(const Json& value) {
  if (value.is_object()) return value.contains("ref");
  if (!value.is_array()) return false;
  for (const Json& item : value) {
    if (holds_reference(item)) return true;
  }
  return false;
}

}  // namespace

const Json& field(const Json& step, const char* name) {
  static const Json null;
  const auto found = step.find(name);
  return found == step.end() ? null : *found;
}

std::string text(const Json& step, const char* name, const std::string& otherwise) {
  const Json& value = field(step, name);
  return value.is_null() ? otherwise : value.get<std::string>();
}

Program::Program() : default_graph_(graph.enter_as_default()) {}

Program::~Program() {
  while (!contexts.empty()) contexts.pop_back();
}

Json Program::perform(const Json& step) {
  const std::string name = text(step, "as");
  Result result = find_step(step.at("do").get<std::string>())(*this, step);
  note_identity(result.thing, name, result.answer);
  if (!name.empty()) set(name, std::move(result.thing));
  return result.answer;
}

Json Program::answer(const Json& step) {
  try {
    return perform(step);
  } catch (const tenon::Error& error) {
    return error_answer(std::string(tenon::to_string(error.kind())), type_of(error), error.what());
  } catch (const Mistake& mistake) {
    return error_answer(mistake.kind, mistake.type, mistake.message);
  } catch (const BadReference&) {
    return {{"error", {{"kind", "bad_reference"}}}};
  } catch (const Json::exception& error) {  // the replayer's own reading: Tenon knows no JSON
    const Mistake mistake = not_a_program(error.what());
    return error_answer(mistake.kind, mistake.type, mistake.message);
  }
}

// Says which step first answered this very variable.
void Program::note_identity(const Thing& made, const std::string& name, Json& answer) {
  const auto* variable = std::get_if<tenon::Variable>(&made);
  if (variable == nullptr || !*variable || variable->is_tensor() || !answer.contains("kind"))
    return;
  answer["same_as"] = nullptr;
  for (const auto& [earlier, first] : first_names_) {
    if (earlier == *variable) {
      answer["same_as"] = first;
      return;
    }
  }
  if (!name.empty()) first_names_.emplace_back(*variable, name);
}

Thing Program::thing(const Json& value) const {
  if (value.is_null()) return None{};
  if (!value.is_object() || !value.contains("ref")) return value;
  const auto found = things_.find(value["ref"].get<std::string>());
  if (found == things_.end()) throw BadReference{};
  if (value.contains("index")) {
    Thing item = found->second;
    const Json& path = value["index"];
    for (const Json& index : path.is_array() ? path : Json::array({path})) {
      item = item_of(item, index);
    }
    return item;
  }
  if (value.contains("field")) {
    const auto* scope = std::get_if<tenon::VariableScope>(&found->second);
    if (scope == nullptr) throw BadReference{};
    return Json(value["field"] == "original_name_scope" ? scope->original_name_scope()
                                                        : scope->name());
  }
  return found->second;
}

tenon::VariableScope Program::scope(const Json& step) const {
  const Json& on = field(step, "on");
  if (on.is_null()) return tenon::get_variable_scope();
  const Thing found = thing(on);
  if (const auto* scope = std::get_if<tenon::VariableScope>(&found)) return *scope;
  throw BadReference{};
}

tenon::Variable Program::variable(const Json& value) const {
  const Thing found = thing(value);
  if (const auto* variable = std::get_if<tenon::Variable>(&found)) return *variable;
  throw BadReference{};
}

tenon::Operation Program::operation(const Json& value) const {
  const Thing found = thing(value);
  if (const auto* op = std::get_if<tenon::Operation>(&found)) return *op;
  if (const auto* output = std::get_if<tenon::Output>(&found)) return output->op();
  if (const auto* variable = std::get_if<tenon::Variable>(&found)) return variable->op();
  throw BadReference{};
}

tenon::Output Program::output(const Json& value) const {
  const Thing found = thing(value);
  if (const auto* output = std::get_if<tenon::Output>(&found)) return *output;
  if (const auto* variable = std::get_if<tenon::Variable>(&found)) return *variable;
  if (const auto* rows = std::get_if<std::shared_ptr<RowGradient>>(&found);
      rows != nullptr && (*rows)->dense) {
    return (*rows)->dense;
  }
  throw BadReference{};
}

tenon::Output Program::gradient_of(const tenon::Variable& variable, const Json& value) const {
  const Thing found = thing(value);
  const auto* rows = std::get_if<std::shared_ptr<RowGradient>>(&found);
  if (rows == nullptr || (*rows)->dense) return gradient(value);
  return tenon::indexed_slices((*rows)->values, (*rows)->indices, variable);
}

tenon::Output Program::gradient(const Json& value) const {
  if (value.is_null()) return {};
  if (value.is_object() && value.contains("ref")) return output(value);
  return tenon::constant(input(value));
}

std::shared_ptr<List> Program::list(const Json& value) const {
  const Thing found = thing(value);
  if (const auto* list = std::get_if<std::shared_ptr<List>>(&found)) return *list;
  throw BadReference{};
}

tenon::Input Program::input(const Json& value) const {
  if (is_typed_literal(value)) return typed_literal(value);
  if (value.is_array() && holds_reference(value)) return tenon::stack(inputs(value));
  if (!value.is_object()) return tenon::Input::weak(plain_literal(value));
  const Thing found = thing(value);
  if (const auto* output = std::get_if<tenon::Output>(&found)) return *output;
  if (const auto* variable = std::get_if<tenon::Variable>(&found)) return *variable;
  throw BadReference{};
}

std::vector<tenon::Input> Program::inputs(const Json& values) const {
  std::vector<tenon::Input> inputs;
  for (const Json& value : values) inputs.push_back(input(value));
  return inputs;
}

std::vector<tenon::Ref> Program::refs(const Json& values) const {
  std::vector<tenon::Ref> refs;
  for (const Json& value : values) {
    const Thing found = thing(value);
    if (const auto* output = std::get_if<tenon::Output>(&found)) {
      refs.emplace_back(*output);
    } else if (const auto* variable = std::get_if<tenon::Variable>(&found)) {
      refs.emplace_back(*variable);
    } else {
      throw BadReference{};
    }
  }
  return refs;
}

}  // namespace replay
