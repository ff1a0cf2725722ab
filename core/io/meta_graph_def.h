// The protobuf messages around TensorFlow's graphs: MetaGraphs with their collections, SavedModels.
//
// Reading throws protozero::exception for bytes that are no such message.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/shape.h"

namespace tenon::internal {

// VariableDef: what a MetaGraph's collections say of a variable.
struct VariableDef {
  std::string variable = {}, initializer = {}, snapshot = {}, initial_value = {};
  // SaveSliceInfoDef, of a part of a partitioned variable.
  struct Slice {
    std::string full_name = {};
    Shape full_shape = {};
    std::vector<int64_t> offset = {}, shape = {};
  };
  std::optional<Slice> slice = {};
};
VariableDef decode_variable_def(std::string_view bytes);

// SignatureDef: names of tensors by what they are called outside.
struct SignatureDef {
  std::map<std::string, std::string> inputs = {}, outputs = {};
  std::string method = {};
};

struct MetaGraphDef {
  std::vector<std::string> tags = {};
  std::string graph = {};                                         // a GraphDef's bytes
  std::map<std::string, std::vector<std::string>> nodes = {};     // collections of names
  std::map<std::string, std::vector<std::string>> messages = {};  // collections of messages
  std::map<std::string, SignatureDef> signatures = {};
  std::map<std::string, std::string> assets = {};  // tensors that are fed the names of files
};
MetaGraphDef decode_meta_graph_def(std::string_view bytes);
// The bytes of the MetaGraphDefs of a SavedModel.
std::vector<std::string_view> decode_saved_model(std::string_view bytes);

}  // namespace tenon::internal
