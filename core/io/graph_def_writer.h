// The protobuf messages of TensorFlow's graphs, written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/tensor/attr_value.h"
#include "tenon/dtype.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

inline constexpr uint32_t kNodeOfGraph = 1, kNodeOfFunction = 3;  // numbers of the fields

// A NodeDef. The values of attributes are the bytes of AttrValues.
struct WrittenNode {
  std::string name = {}, op = {}, device = {};
  std::vector<std::string> inputs = {};  // "a", "a:1", "^a"
  std::vector<std::pair<std::string, std::string>> attrs = {};
};
// Adds it to the bytes of a graph or a function.
void append_node(std::string& bytes, uint32_t field, const WrittenNode& node);

std::string encode_shape(const Shape& shape);
std::string encode_tensor(const Tensor& tensor);
std::string encode_attr_value(const AttrValue& value);
// The attribute that is a function of the library.
std::string encode_function_attr(std::string_view function);

// A type that only files have: that of lists, which loops hand to their gradients.
inline constexpr auto kVariant = static_cast<DType>(21);

// A FunctionDef.
struct WrittenFunction {
  std::string name = {};
  std::vector<std::pair<std::string, DType>> inputs = {}, outputs = {};
  std::string nodes = {};                                         // as append_node made them
  std::vector<std::pair<std::string, std::string>> returns = {};  // "out": "node:output:0"
  std::vector<std::string> targets = {};                          // nodes that run besides
};
// Adds it to the bytes of a library.
void append_function(std::string& library, const WrittenFunction& function);

// A GraphDef of those nodes and that library.
std::string encode_graph_def(std::string nodes, std::string_view library);

}  // namespace tenon::internal
