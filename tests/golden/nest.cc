#include "tests/golden/nest.h"

namespace replay {

namespace {

using tenon::Returned;

Nest flattened(const Thing& thing, std::vector<Returned::Item>& leaves) {
  if (const auto* list = std::get_if<std::shared_ptr<List>>(&thing)) {
    Nest nest{.kind = (*list)->keys.empty() ? Nest::Kind::list : Nest::Kind::object,
              .keys = (*list)->keys};
    for (const Thing& item : (*list)->things()) nest.items.push_back(flattened(item, leaves));
    return nest;
  }
  if (const auto* output = std::get_if<tenon::Output>(&thing)) {
    leaves.emplace_back(*output);
  } else if (const auto* variable = std::get_if<tenon::Variable>(&thing)) {
    leaves.emplace_back(*variable);
  } else if (const auto* op = std::get_if<tenon::Operation>(&thing)) {
    leaves.emplace_back(*op);
  } else {
    leaves.emplace_back(tenon::Input(tenon::Output()));  // None
  }
  return {};
}

}  // namespace

Nest flattened(const Program& program, const Json& value, std::vector<Returned::Item>& leaves) {
  if (is_typed_literal(value)) {
    leaves.emplace_back(tenon::Input(typed_literal(value)));
    return {};
  }
  const bool is_list = value.is_array(), is_reference = value.is_object() && value.contains("ref");
  if (is_list || (value.is_object() && !is_reference)) {
    Nest nest{.kind = is_list ? Nest::Kind::list : Nest::Kind::object};
    for (const auto& [key, item] : value.items()) {
      if (!is_list) nest.keys.push_back(key);
      nest.items.push_back(flattened(program, item, leaves));
    }
    return nest;
  }
  if (is_reference || value.is_null()) return flattened(program.thing(value), leaves);
  leaves.emplace_back(tenon::Input::weak(plain_literal(value)));
  return {};
}

Thing packed(const Nest& nest, const std::vector<tenon::Output>& outputs, size_t& next) {
  if (nest.kind == Nest::Kind::leaf) return item_at(outputs, next++);
  auto list = std::make_shared<List>();
  list->keys = nest.keys;
  for (const Nest& item : nest.items) list->items.push_back(packed(item, outputs, next));
  return list;
}

}  // namespace replay
