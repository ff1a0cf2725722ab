// Functions of a graph's library, as views into the bytes of a file.
//
// Reading throws protozero::exception for bytes that are no such message.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "core/io/graph_def.h"

namespace tenon::internal {

// FunctionDef.
struct FunctionDef {
  using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

  std::string_view name = {};
  std::vector<std::string_view> inputs = {}, outputs = {};  // names of arguments
  std::vector<NodeDef> nodes = {};             // whose inputs are "argument", "node:output:0"
  Pairs returns = {};                          // "output": "node:output:0"
  std::vector<std::string_view> targets = {};  // nodes that run besides
};
// Of a FunctionDefLibrary.
std::vector<FunctionDef> decode_library(std::string_view bytes);

// The name of the function that an attribute is; empty where it is none.
std::string_view decode_function_attr(std::string_view attr_value);

}  // namespace tenon::internal
