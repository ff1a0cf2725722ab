#include "core/export/written_scope.h"

#include "core/base/strings.h"

namespace tenon::internal {

std::string WrittenScope::free_name(const std::string& name) {
  std::string free = name;
  for (int number = 1; !taken_.insert(free).second; ++number) free = str(name, '_', number);
  return free;
}

WrittenValue WrittenScope::add(const NewNode& node, const std::string& output, DType dtype) {
  WrittenNode written{.name = node.name, .op = node.op, .device = node.device};
  for (const WrittenValue& input : node.inputs) written.inputs.push_back(text_of(input));
  for (const std::string& control : node.controls) written.inputs.push_back('^' + control);
  for (const auto& [name, value] : node.attrs) {
    written.attrs.emplace_back(name, encode_attr_value(value));
  }
  for (const auto& [name, function] : node.functions) {
    written.attrs.emplace_back(name, encode_function_attr(function));
  }
  append_node(bytes_, field_, written);
  return {.node = node.name, .output = output, .dtype = dtype};
}

std::string WrittenScope::text_of(const WrittenValue& value) const {
  if (value.output.empty()) return value.node;
  if (in_function()) return str(value.node, ':', value.output, ':', value.place);
  return value.index == 0 ? value.node : str(value.node, ':', value.index);
}

const WrittenValue* WrittenScope::find(const Endpoint& endpoint) const {
  const auto at = values_.find({endpoint.node, endpoint.index});
  return at == values_.end() ? nullptr : &at->second;
}

void WrittenScope::set(const Endpoint& endpoint, WrittenValue value) {
  values_.insert_or_assign({endpoint.node, endpoint.index}, std::move(value));
}

const std::string* WrittenScope::name_of(const Node* node) const {
  const auto at = names_.find(node);
  return at == names_.end() ? nullptr : &at->second;
}

const std::string& WrittenScope::take_name(const Node& node) {
  // TensorFlow's names don't begin so.
  const size_t first = node.name.find_first_not_of('_');
  return names_[&node] = free_name(node.name.substr(first));
}

}  // namespace tenon::internal
