#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "core/io/graph_def_writer.h"
#include "core/io/meta_graph_def.h"
#include "core/io/proto_fields.h"

namespace tenon::internal {

namespace {

using protozero::pbf_writer;

std::string encode_info(const TensorInfo& tensor) {
  std::string bytes;
  pbf_writer message(bytes);
  message.add_string(1, tensor.name);
  message.add_enum(2, static_cast<int32_t>(tensor.dtype));
  message.add_message(3, encode_shape(tensor.shape));
  return bytes;
}

std::string encode_signature_def(const SignatureDef& signature) {
  std::string bytes;
  pbf_writer message(bytes);
  for (const auto& [name, tensor] : signature.inputs) {
    add_entry(message, 1, name, encode_info(tensor));
  }
  for (const auto& [name, tensor] : signature.outputs) {
    add_entry(message, 2, name, encode_info(tensor));
  }
  message.add_string(3, signature.method);
  return bytes;
}

// A CollectionDef: field 1 is a list of names, field 2 one of messages.
std::string encode_collection(uint32_t field, const std::vector<std::string>& values) {
  std::string bytes;
  pbf_writer message(bytes);
  pbf_writer list(message, field);
  for (const std::string& value : values) list.add_bytes(1, value);
  return bytes;
}

void add_saver(pbf_writer& graph, const SaverDef& saver) {
  constexpr int32_t kV2 = 2;
  pbf_writer message(graph, 3);
  message.add_string(1, saver.filename_tensor);
  message.add_string(2, saver.save_tensor);
  message.add_string(3, saver.restore_op);
  message.add_int32(4, saver.max_to_keep);
  message.add_float(6, static_cast<float>(saver.keep_checkpoint_every_n_hours));
  message.add_enum(7, kV2);
}

void add_integers(pbf_writer& message, uint32_t field, const std::vector<int64_t>& values) {
  for (const int64_t value : values) message.add_int64(field, value);
}

}  // namespace

std::string encode_variable_def(const VariableDef& variable) {
  std::string bytes;
  pbf_writer message(bytes);
  message.add_string(1, variable.variable);
  message.add_string(2, variable.initializer);
  message.add_string(3, variable.snapshot);
  if (variable.slice) {
    pbf_writer slice(message, 4);
    slice.add_string(1, variable.slice->full_name);
    const auto sizes = variable.slice->full_shape.sizes();
    add_integers(slice, 2, {sizes.begin(), sizes.end()});
    add_integers(slice, 3, variable.slice->offset);
    add_integers(slice, 4, variable.slice->shape);
  }
  if (variable.is_resource) message.add_bool(5, true);
  if (!variable.initial_value.empty()) message.add_string(6, variable.initial_value);
  message.add_bool(7, variable.trainable);
  message.add_enum(8, variable.synchronization);
  message.add_enum(9, variable.aggregation);
  return bytes;
}

std::string encode_meta_graph_def(const MetaGraphDef& graph) {
  std::string bytes;
  pbf_writer message(bytes);
  {
    pbf_writer info(message, 1);
    for (const std::string& tag : graph.tags) info.add_string(4, tag);
  }
  message.add_message(2, graph.graph);
  if (graph.saver) add_saver(message, *graph.saver);
  for (const auto& [name, values] : graph.nodes) {
    add_entry(message, 4, name, encode_collection(1, values));
  }
  for (const auto& [name, values] : graph.messages) {
    add_entry(message, 4, name, encode_collection(2, values));
  }
  for (const auto& [name, signature] : graph.signatures) {
    add_entry(message, 5, name, encode_signature_def(signature));
  }
  for (const auto& [tensor, file] : graph.assets) {
    pbf_writer asset(message, 6);
    asset.add_message(1, encode_info({.name = tensor}));
    asset.add_string(2, file);
  }
  return bytes;
}

std::string encode_saved_model(const std::vector<std::string>& graphs) {
  constexpr int64_t kVersion = 1;
  std::string bytes;
  pbf_writer message(bytes);
  message.add_int64(1, kVersion);
  for (const std::string& graph : graphs) message.add_message(2, graph);
  return bytes;
}

}  // namespace tenon::internal
