// The protobuf messages of TensorFlow's graphs, as views into the bytes of a file.
//
// Reading throws protozero::exception for bytes that are no such message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/tensor/attr_value.h"
#include "tenon/shape.h"

namespace tenon::internal {

// NodeDef. The values of attributes are the bytes of AttrValues.
struct NodeDef {
  std::string_view name = {}, op = {}, device = {};
  std::vector<std::string_view> inputs = {};  // "a", "a:1", "^a"
  std::vector<std::pair<std::string_view, std::string_view>> attrs = {};
};

// The value of an attribute of a node; null where it hasn't got it.
inline const std::string_view* find_attr(const NodeDef& node, std::string_view name) {
  for (const auto& [attr, value] : node.attrs) {
    if (attr == name) return &value;
  }
  return nullptr;
}

struct GraphDef {
  std::vector<NodeDef> nodes = {};
  int32_t producer = 0;           // the version of TensorFlow's operations that it was written with
  std::string_view library = {};  // a FunctionDefLibrary's bytes
};
NodeDef decode_node_def(std::string_view bytes);
GraphDef decode_graph_def(std::string_view bytes);

// An attribute as the graph has it. A list of no elements has the kind of `like`, where that is
// given; so has an AttrValue without a value, where `like` is a list. Nothing for what Tenon's
// attributes can't hold: functions, lists of tensors or booleans, tensors of more than `most`
// bytes.
std::optional<AttrValue> decode_attr_value(std::string_view bytes, const AttrValue* like,
                                           uint64_t most);

// The bytes of an attribute's TensorProto; empty where it is of another kind.
std::string_view tensor_bytes(std::string_view attr_value);

}  // namespace tenon::internal
