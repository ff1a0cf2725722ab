#include "core/export/written_scope.h"

#include <utility>

#include "core/base/strings.h"

namespace tenon::internal {

std::string take_free(TakenNames& taken, const std::string& name) {
  const auto [at, is_free] = taken.try_emplace(name, 1);
  if (is_free) return name;
  while (true) {
    std::string free = str(name, '_', at->second++);
    if (taken.try_emplace(free, 1).second) return free;
  }
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

void WrittenScope::add_list(const NewNode& node, Node& of, const std::vector<DType>& dtypes) {
  add(node);
  for (size_t i = 0; i < dtypes.size(); ++i) {
    const int index = static_cast<int>(i);
    set({&of, index}, {node.name, "output", index, index, dtypes[i]});
  }
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

void WrittenScope::take_name(const Node& node) { names_[&node] = free_name(node.name); }

WrittenValue NodesBelow::add(const char* op, const char* output, DType dtype,
                             std::vector<WrittenValue> inputs, AttrMap attrs) {
  return scope_.add({.name = scope_.free_name(prefix_ + op),
                     .op = op,
                     .inputs = std::move(inputs),
                     .attrs = std::move(attrs),
                     .device = device_},
                    output, dtype);
}

WrittenValue NodesBelow::constant(const Tensor& tensor) {
  return add("Const", "output", tensor.dtype(), {}, {{"dtype", tensor.dtype()}, {"value", tensor}});
}

}  // namespace tenon::internal
