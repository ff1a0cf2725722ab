// Steps of collections and losses.
#include "tests/golden/program.h"

namespace replay {

namespace {

using tenon::GraphKeys;

std::any item_of(const Thing& thing) {
  if (const auto* variable = std::get_if<tenon::Variable>(&thing)) return *variable;
  if (const auto* output = std::get_if<tenon::Output>(&thing)) return *output;
  if (const auto* op = std::get_if<tenon::Operation>(&thing)) return *op;
  const auto* value = std::get_if<Json>(&thing);
  if (value == nullptr) throw BadReference{};
  if (value->is_string()) return value->get<std::string>();
  if (value->is_number_integer()) return value->get<int64_t>();
  return number(*value);
}

Result answered(const tenon::Collection& items) {
  auto list = std::make_shared<List>();
  for (const std::any& item : items) list->items.push_back(thing_of(item));
  return {list, items_answer(list->items)};
}

// The items of a collection, all or those below a scope.
tenon::Collection filtered(std::string_view key, const Json& scope) {
  return scope.is_null() ? tenon::get_collection<std::any>(key)
                         : tenon::get_collection<std::any>(key, scope.get<std::string>());
}

Result get_collection(Program& program, const Json& step) {
  const std::string key = text(step, "key");
  if (!field(step, "on").is_null()) {
    return answered(program.scope(step).get_collection<std::any>(key));
  }
  return answered(filtered(key, field(step, "scope")));
}

Result get_collection_ref(Program&, const Json& step) {
  auto list = std::make_shared<List>();
  list->collection = tenon::get_collection_ref(text(step, "key"));
  return {list, items_answer(list->things())};
}

Result list_append(Program& program, const Json& step) {
  const auto list = program.list(step.at("list"));
  const Thing value = program.thing(step.at("value"));
  if (!list->keys.empty()) throw not_a_program("an object has no end");
  if (std::holds_alternative<std::shared_ptr<List>>(value)) {
    throw not_a_program("a list of lists");  // it could hold itself
  }
  if (list->collection) {
    list->collection->push_back(item_of(value));
  } else {
    list->items.push_back(value);
  }
  return {None{}, items_answer(list->things())};
}

Result list_clear(Program& program, const Json& step) {
  const auto list = program.list(step.at("list"));
  if (list->collection) list->collection->clear();
  list->items.clear();
  return {None{}, items_answer({})};
}

Result add_to_collection(Program& program, const Json& step) {
  tenon::add_to_collection(text(step, "key"), item_of(program.thing(step.at("value"))));
  return {None{}, Json::object()};
}

Result add_to_collections(Program& program, const Json& step) {
  tenon::add_to_collections(step.at("keys").get<std::vector<std::string>>(),
                            item_of(program.thing(step.at("value"))));
  return {None{}, Json::object()};
}

Result clear_collection(Program&, const Json& step) {
  tenon::clear_collection(text(step, "key"));
  return {None{}, Json::object()};
}

Result collection_keys(Program&, const Json&) {
  Json keys = Json::array();
  for (const std::string& key : tenon::get_all_collection_keys()) {
    if (key.empty() || key.front() != '_') keys.push_back(key);
  }
  return {None{}, {{"value", keys}}};
}

std::string_view key_of(const Json& step) {
  static const std::map<std::string, std::string_view> kKeys = {
      {"global", GraphKeys::GLOBAL_VARIABLES},
      {"trainable", GraphKeys::TRAINABLE_VARIABLES},
      {"local", GraphKeys::LOCAL_VARIABLES},
      {"model", GraphKeys::MODEL_VARIABLES},
      {"moving_average", GraphKeys::MOVING_AVERAGE_VARIABLES},
  };
  return chosen(kKeys, text(step, "which"));
}

// Golden programs put anything into TensorFlow's own collections, too, and want it listed as it is:
// so lists of std::any, where tenon::global_variables() gives only variables.
Result variables(Program&, const Json& step) {
  return answered(filtered(key_of(step), field(step, "scope")));
}

Result scope_variables(Program& program, const Json& step) {
  return answered(program.scope(step).get_collection<std::any>(key_of(step)));
}

Result add_loss(Program& program, const Json& step) {
  tenon::losses::add_loss(program.refs(Json::array({step.at("loss")})).front(),
                          text(step, "collection", "losses"));
  return {None{}, Json::object()};
}

Result get_losses(Program&, const Json& step) {
  return answered(
      tenon::losses::get_losses<std::any>(text(step, "scope"), text(step, "collection", "losses")));
}

Result get_regularization_losses(Program&, const Json& step) {
  return answered(tenon::losses::get_regularization_losses<std::any>(text(step, "scope")));
}

Result get_regularization_loss(Program&, const Json& step) {
  return described(tenon::losses::get_regularization_loss(text(step, "scope")));
}

Result get_total_loss(Program&, const Json& step) {
  return described(tenon::losses::get_total_loss(step.value("add_regularization_losses", true)));
}

}  // namespace

const StepTable& collection_steps() {
  static const StepTable steps = {
      {"get_collection", get_collection},
      {"get_collection_ref", get_collection_ref},
      {"list_append", list_append},
      {"list_clear", list_clear},
      {"add_to_collection", add_to_collection},
      {"add_to_collections", add_to_collections},
      {"clear_collection", clear_collection},
      {"collection_keys", collection_keys},
      {"variables", variables},
      {"scope_variables", scope_variables},
      {"add_loss", add_loss},
      {"get_losses", get_losses},
      {"get_regularization_losses", get_regularization_losses},
      {"get_regularization_loss", get_regularization_loss},
      {"get_total_loss", get_total_loss},
  };
  return steps;
}

}  // namespace replay
