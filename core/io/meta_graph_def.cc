#include "core/io/meta_graph_def.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/types.hpp>
#include <utility>

#include "core/io/proto_fields.h"

namespace tenon::internal {

namespace {

using protozero::pbf_reader;

// A field of int64s, packed or not.
void add_integers(pbf_reader& message, std::vector<int64_t>& list) {
  if (message.wire_type() == protozero::pbf_wire_type::length_delimited) {
    for (const int64_t value : message.get_packed_int64()) list.push_back(value);
  } else {
    list.push_back(message.get_int64());
  }
}

VariableDef::Slice decode_variable_slice(pbf_reader message) {
  VariableDef::Slice slice;
  std::vector<int64_t> full_shape;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        slice.full_name = message.get_string();
        break;
      case 2:
        add_integers(message, full_shape);
        break;
      case 3:
        add_integers(message, slice.offset);
        break;
      case 4:
        add_integers(message, slice.shape);
        break;
      default:
        message.skip();
    }
  }
  slice.full_shape = Shape(full_shape);
  return slice;
}

SignatureDef decode_signature(std::string_view bytes) {
  SignatureDef signature;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    const uint32_t field = message.tag_and_type();
    if (field == bytes_field(3)) {
      signature.method = message.get_string();
    } else if (field == bytes_field(1) || field == bytes_field(2)) {
      const auto [name, about] = decode_entry(message.get_message());
      auto& names = field == bytes_field(1) ? signature.inputs : signature.outputs;
      names[std::string(name)].name = message_field(about, 1);
    } else {
      message.skip();
    }
  }
  return signature;
}

// AssetFileDefs in a list of google.protobuf.Any, as the first SavedModels have them.
void decode_assets(pbf_reader list, MetaGraphDef& graph) {
  while (list.next()) {
    if (list.tag_and_type() != bytes_field(1)) {
      list.skip();
      continue;
    }
    const std::string_view asset = decode_entry(list.get_message()).second;
    const auto [tensor, name] = decode_entry(reader_of(asset));
    graph.assets[std::string(message_field(tensor, 1))] = name;
  }
}

// CollectionDef: a list of names (1) or of messages (2); numbers nobody asks for.
void decode_collection(std::string_view name, std::string_view bytes, MetaGraphDef& graph) {
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    const uint32_t field = message.tag_and_type();
    if (field == bytes_field(5) && name == "saved_model_assets") {
      decode_assets(message.get_message(), graph);
      continue;
    }
    if (field != bytes_field(1) && field != bytes_field(2)) {
      message.skip();
      continue;
    }
    auto& list = (field == bytes_field(1) ? graph.nodes : graph.messages)[std::string(name)];
    pbf_reader values = message.get_message();
    while (values.next()) {
      if (values.tag_and_type() == bytes_field(1)) {
        list.push_back(values.get_string());
      } else {
        values.skip();
      }
    }
  }
}

}  // namespace

VariableDef decode_variable_def(std::string_view bytes) {
  VariableDef variable;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        variable.variable = message.get_string();
        break;
      case bytes_field(2):
        variable.initializer = message.get_string();
        break;
      case bytes_field(3):
        variable.snapshot = message.get_string();
        break;
      case bytes_field(4):
        variable.slice = decode_variable_slice(message.get_message());
        break;
      case bytes_field(6):
        variable.initial_value = message.get_string();
        break;
      default:
        message.skip();
    }
  }
  return variable;
}

MetaGraphDef decode_meta_graph_def(std::string_view bytes) {
  MetaGraphDef graph;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1): {
        pbf_reader info = message.get_message();
        while (info.next()) {
          if (info.tag_and_type() == bytes_field(4)) {
            graph.tags.push_back(info.get_string());
          } else {
            info.skip();
          }
        }
        break;
      }
      case bytes_field(2):
        graph.graph += message.get_string();
        break;
      case bytes_field(4): {
        const auto [name, collection] = decode_entry(message.get_message());
        decode_collection(name, collection, graph);
        break;
      }
      case bytes_field(5): {
        const auto [name, signature] = decode_entry(message.get_message());
        graph.signatures[std::string(name)] = decode_signature(signature);
        break;
      }
      case bytes_field(6): {
        const auto [tensor, name] = decode_entry(message.get_message());
        graph.assets[std::string(message_field(tensor, 1))] = name;
        break;
      }
      default:
        message.skip();
    }
  }
  return graph;
}

std::vector<std::string_view> decode_saved_model(std::string_view bytes) {
  std::vector<std::string_view> graphs;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(2)) {
      graphs.push_back(view_of(message));
    } else {
      message.skip();
    }
  }
  return graphs;
}

}  // namespace tenon::internal
