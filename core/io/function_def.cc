#include "core/io/function_def.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/types.hpp>

#include "core/io/proto_fields.h"

namespace tenon::internal {

namespace {

using protozero::pbf_reader;

void decode_signature_of(pbf_reader message, FunctionDef& function) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        function.name = view_of(message);
        break;
      case bytes_field(2):
        function.inputs.push_back(message_field(view_of(message), 1));
        break;
      case bytes_field(3):
        function.outputs.push_back(message_field(view_of(message), 1));
        break;
      default:
        message.skip();
    }
  }
}

FunctionDef decode_function(pbf_reader message) {
  FunctionDef function;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        decode_signature_of(message.get_message(), function);
        break;
      case bytes_field(3):
        function.nodes.push_back(decode_node_def(view_of(message)));
        break;
      case bytes_field(4):
        function.returns.push_back(decode_entry(message.get_message()));
        break;
      case bytes_field(6):
        function.targets.push_back(decode_entry(message.get_message()).second);
        break;
      default:
        message.skip();
    }
  }
  return function;
}

}  // namespace

std::vector<FunctionDef> decode_library(std::string_view bytes) {
  std::vector<FunctionDef> functions;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      functions.push_back(decode_function(message.get_message()));
    } else {
      message.skip();
    }
  }
  return functions;
}

std::string_view decode_function_attr(std::string_view attr_value) {
  return message_field(message_field(attr_value, 10), 1);
}

}  // namespace tenon::internal
