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

#include "tenon/dtype.h"
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
  bool is_resource = false, trainable = false;
  int32_t synchronization = 0, aggregation = 0;  // TensorFlow's numbers
};
VariableDef decode_variable_def(std::string_view bytes);
std::string encode_variable_def(const VariableDef& variable);

// TensorInfo.
struct TensorInfo {
  std::string name = {};
  DType dtype = DType::invalid;  // both are written, not read
  Shape shape = Shape::unknown();
};

// SignatureDef: tensors by what they are called outside.
struct SignatureDef {
  std::map<std::string, TensorInfo> inputs = {}, outputs = {};
  std::string method = {};
};

// SaverDef: how TensorFlow saves and restores with the graph's own operations.
struct SaverDef {
  std::string filename_tensor = {}, save_tensor = {}, restore_op = {};
  int32_t max_to_keep = 0;
  double keep_checkpoint_every_n_hours = 0;
};

struct MetaGraphDef {
  std::vector<std::string> tags = {};
  std::string graph = {};                                         // a GraphDef's bytes
  std::map<std::string, std::vector<std::string>> nodes = {};     // collections of names
  std::map<std::string, std::vector<std::string>> messages = {};  // collections of messages
  std::map<std::string, SignatureDef> signatures = {};
  std::map<std::string, std::string> assets = {};  // tensors that are fed the names of files
  std::optional<SaverDef> saver = {};              // written, not read
};
MetaGraphDef decode_meta_graph_def(std::string_view bytes);
std::string encode_meta_graph_def(const MetaGraphDef& graph);
// The bytes of the MetaGraphDefs of a SavedModel.
std::vector<std::string_view> decode_saved_model(std::string_view bytes);
std::string encode_saved_model(const std::vector<std::string>& graphs);

}  // namespace tenon::internal
