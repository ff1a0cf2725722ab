// Answers that describe things.
#include "tests/golden/program.h"

namespace replay {

namespace {

using tenon::Operation;
using tenon::Output;
using tenon::Variable;
using tenon::VariableScope;

std::string name_of(tenon::DType dtype) { return std::string(tenon::to_string(dtype)); }

Json describe_variable(const Variable& variable) {
  Json answer = {{"kind", "variable"},
                 {"name", variable.name()},
                 {"dtype", name_of(variable.dtype())},
                 {"shape", shape_answer(variable.shape())}};
  if (variable.is_partitioned()) {
    answer["kind"] = "partitioned_variable";
    answer["parts"] = Json::array();
    for (const Variable& part : variable.parts()) {
      answer["parts"].push_back(describe_variable(part));
    }
    return answer;
  }
  answer["op"] = variable.op().name();
  answer["device"] = variable.device();
  answer["trainable"] = variable.trainable();
  return answer;
}

Json reuse_answer(const tenon::Reuse& reuse) {
  if (reuse.is_auto()) return "AUTO_REUSE";
  return reuse.is_true();
}

Json describe_scope(const VariableScope& scope) {
  Json has = Json::array();
  if (scope.constraint()) has.push_back("constraint");
  if (scope.custom_getter()) has.push_back("custom_getter");
  if (scope.initializer()) has.push_back("initializer");
  if (scope.partitioner()) has.push_back("partitioner");
  if (scope.regularizer()) has.push_back("regularizer");
  Json answer = {{"kind", "variable_scope"},
                 {"name", scope.name()},
                 {"original_name_scope", scope.original_name_scope()},
                 {"name_scope", tenon::get_default_graph().name_scope()},
                 {"reuse", reuse_answer(scope.reuse())},
                 {"dtype", name_of(scope.dtype())},
                 {"caching_device", nullptr},
                 {"use_resource", nullptr},
                 {"has", has}};
  if (scope.caching_device().name()) answer["caching_device"] = *scope.caching_device().name();
  if (scope.use_resource()) answer["use_resource"] = *scope.use_resource();
  return answer;
}

}  // namespace

Thing thing_of(const std::any& item) {
  if (const auto* variable = std::any_cast<Variable>(&item)) return *variable;
  if (const auto* output = std::any_cast<Output>(&item)) return *output;
  if (const auto* op = std::any_cast<Operation>(&item)) return *op;
  if (const auto* text = std::any_cast<std::string>(&item)) return Json(*text);
  if (const auto* number = std::any_cast<int64_t>(&item)) return Json(*number);
  if (const auto* number = std::any_cast<double>(&item)) return Json(*number);
  return None{};
}

std::vector<Thing> List::things() const {
  if (!collection) return items;
  std::vector<Thing> things;
  for (const std::any& item : *collection) things.push_back(thing_of(item));
  return things;
}

Json describe_tensor(const Output& output) {
  return {{"kind", "tensor"},
          {"dtype", name_of(output.dtype())},
          {"shape", shape_answer(output.shape())},
          {"name", output.name()},
          {"device", output.device()}};
}

Json describe(const Thing& thing) {
  if (const auto* output = std::get_if<Output>(&thing)) {
    return *output ? describe_tensor(*output) : Json{{"kind", "none"}};
  }
  if (const auto* sparse = std::get_if<std::shared_ptr<tenon::SparseTensor>>(&thing)) {
    return {{"kind", "sparse_tensor"},
            {"dtype", name_of((*sparse)->dtype())},
            {"shape", shape_answer((*sparse)->shape())}};
  }
  if (const auto* rows = std::get_if<std::shared_ptr<RowGradient>>(&thing)) {
    return {{"kind", "indexed_slices"}, {"dtype", name_of((*rows)->values.dtype())}};
  }
  if (const auto* op = std::get_if<Operation>(&thing)) {
    return {{"kind", "op"}, {"name", op->name()}, {"device", op->device()}};
  }
  if (const auto* variable = std::get_if<Variable>(&thing)) return describe_variable(*variable);
  if (const auto* scope = std::get_if<VariableScope>(&thing)) return describe_scope(*scope);
  if (const auto* list = std::get_if<std::shared_ptr<List>>(&thing)) {
    const std::vector<std::string>& keys = (*list)->keys;
    Json items = keys.empty() ? Json::array() : Json::object();
    for (const Thing& item : (*list)->things()) {
      if (keys.empty()) {
        items.push_back(describe(item));
      } else {
        items[keys[items.size()]] = describe(item);
      }
    }
    return {{"kind", keys.empty() ? "list" : "object"}, {"items", items}};
  }
  return {{"kind", "none"}};
}

Thing gradient_thing(const Output& gradient) {
  if (!gradient) return None{};
  if (gradient.op().type() != "_IndexedSlices") return gradient;
  return std::make_shared<RowGradient>(
      RowGradient{gradient.op().input(0), gradient.op().input(1), {}, gradient});
}

Json items_answer(const std::vector<Thing>& things) {
  Json items = Json::array();
  for (const Thing& thing : things) {
    if (const auto* output = std::get_if<Output>(&thing)) {
      items.push_back(output->name());
    } else if (const auto* op = std::get_if<Operation>(&thing)) {
      items.push_back(op->name());
    } else if (const auto* variable = std::get_if<Variable>(&thing)) {
      items.push_back(variable->name());
    } else if (const auto* value = std::get_if<Json>(&thing)) {
      items.push_back(*value);
    } else {
      items.push_back(nullptr);
    }
  }
  return {{"items", items}};
}

Result described(Thing thing) {
  if (const auto* variable = std::get_if<Variable>(&thing)) {
    if (!*variable) {
      thing = None{};
    } else if (variable->is_tensor()) {
      thing = Output(*variable);
    }
  }
  Json answer = describe(thing);
  return {std::move(thing), std::move(answer)};
}

}  // namespace replay
